//! What holds of each input, whatever it is: a function per parser, which panics where it does not.
//! The fuzz targets feed them what they make up, and the server's own tests feed them the seeds.
//! Must not draw randomness or read a clock: an input that was found has to be found again.

pub mod basic;
pub mod configuration;
pub mod cookie;
pub mod feed;
pub mod form;
mod issuer;
pub mod jwks;
pub mod jwt;
pub mod password_hash;
#[cfg(test)]
mod properties;
pub mod redirect_uri;
pub mod refresh_token;

/// What panics where something does not hold of the input.
pub type Check = fn(&[u8]);

/// Every check under the name of its target.
pub const ALL: [(&str, Check); 10] = [
    ("basic", basic::check),
    ("configuration", configuration::check),
    ("cookie", cookie::check),
    ("feed", feed::check),
    ("form", form::check),
    ("jwks", jwks::check),
    ("jwt", jwt::check),
    ("password_hash", password_hash::check),
    ("redirect_uri", redirect_uri::check),
    ("refresh_token", refresh_token::check),
];

/// The input, where it is text.
fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// The first line, and what follows it.
fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic::catch_unwind;
    use std::path::Path;

    use super::ALL;

    #[test]
    fn every_seed_passes_the_check_of_its_target() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (target, check) in ALL {
            let mut seeds = 0;
            for seed in fs::read_dir(corpus.join(target)).unwrap() {
                let path = seed.unwrap().path();
                let input = fs::read(&path).unwrap();
                assert!(catch_unwind(|| check(&input)).is_ok(), "{}", path.display());
                seeds += 1;
            }
            assert!(seeds > 0, "{target} has no seed");
        }
        assert_eq!(fs::read_dir(corpus).unwrap().count(), ALL.len());
    }
}
