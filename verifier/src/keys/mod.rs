//! The public keys of an issuer (RFC 7517), each with its one algorithm and its one use. Knows no
//! token and no network.

mod algorithm;
mod jwk;
mod set;

pub use algorithm::Algorithm;
pub(crate) use jwk::{Key, Purpose};
pub(crate) use set::KeySet;

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
compile_error!("chancery-verifier needs one of the features `aws_lc_rs` and `rust_crypto`");
#[cfg(all(feature = "aws_lc_rs", feature = "rust_crypto"))]
compile_error!("chancery-verifier takes only one of the features `aws_lc_rs` and `rust_crypto`");

#[cfg(feature = "aws_lc_rs")]
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as BACKEND;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as BACKEND;
