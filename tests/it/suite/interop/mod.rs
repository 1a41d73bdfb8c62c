//! Clients that nobody here has written: what the pages show for other languages is cut out of them
//! and runs against a server that is a process of its own.

mod applications;
mod front;
mod issuer;
mod native;
mod node;
mod people;
mod python;
mod refresh_loop;

use super::BACKEND;
