//! The pages in a real browser: Debian's Chromium, driven through WebDriver, at a server that runs as
//! a process of its own.

mod answers;
mod framing;
mod looks;
mod sign_in;
mod single_page;
mod stage;
