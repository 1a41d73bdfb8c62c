//! Owns the pages that people see: what is on them, in which words, and how it looks.
//! Must not import HTTP, storage or flows, only pure rules: a page is a function from a view to the text of an
//! HTML document.
//!
//! A view is a struct of plain texts. Its `render` escapes all of them, shows names of strangers
//! without characters that act on their neighbours, links only to `https`, and loads pictures only
//! from this server. The pages work without script, and under this policy, where `form-action`
//! names what their forms lead to (`script-src 'self'` only for a [`GoOn`] with fields):
//!
//! ```text
//! default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' …;
//! base-uri 'none'; frame-ancestors 'none'
//! ```
//!
//! What their forms send, by POST and always with `csrf`, below the issuer's path:
//!
//! ```text
//! /signin                 username password i
//! /consent                decision=allow|deny i
//! /oauth/logout           decision=logout i
//! /account/sign-out
//! /account/password       current_password new_password repeat
//! /account/browsers       session=<id>  or  others=true
//! /account/applications   session=<id>
//! /account/consents       client=<id>
//! ```

mod account;
mod account_rows;
mod application;
mod assets;
mod brand;
mod colour;
mod consent;
mod device;
mod error_page;
mod frame;
mod go_on;
mod sign_in;
mod sign_out;
mod texts;
mod when;
mod words;

pub use account::{Account, Notice, PasswordProblem};
pub use account_rows::{ApplicationSession, BrowserSession, Detail, Granted};
pub use application::Application;
pub use assets::{Asset, assets};
pub use brand::{BadLogo, Brand, BrandSettings};
pub use colour::{BadColour, Colour};
pub use consent::{Consent, Destination, Scope};
pub use device::{Device, device};
pub use error_page::{ErrorPage, Problem};
pub use go_on::GoOn;
pub use sign_in::{SignIn, SignInProblem};
pub use sign_out::{SignOut, SignedOut};
pub use texts::{ENGLISH, GERMAN, LANGUAGES, Texts};

#[cfg(test)]
pub(crate) mod tests;
