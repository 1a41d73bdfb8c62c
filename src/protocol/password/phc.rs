//! The pieces of stored-hash texts: fields between `$`, decimal costs, base64 of several kinds.
//! Pure: imports only the error and the password of this module folder, and no hash function.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::hash::HashRejected;

/// Base64 of the PHC string format: standard alphabet, no padding.
pub(super) const PHC: GeneralPurpose = STANDARD_NO_PAD;

/// Base64 of passlib: the standard alphabet with `.` in place of `+`.
pub(super) const PASSLIB: GeneralPurpose = GeneralPurpose::new(&PASSLIB_ALPHABET, NO_PAD);

/// Base64 of bcrypt. The last character has bits to spare, and some of its implementations have
/// written random ones there.
pub(super) const BCRYPT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

const PASSLIB_ALPHABET: Alphabet =
    match Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./") {
        Ok(alphabet) => alphabet,
        Err(_) => panic!("64 different characters are an alphabet"),
    };

/// Splits at every `$` into exactly `N` fields.
pub(super) fn fields<const N: usize>(text: &str) -> Result<[&str; N], HashRejected> {
    exactly(text.split('$'))
}

/// Reads `name=number` pairs, all of them and in this order.
pub(super) fn costs<const N: usize>(
    text: &str,
    names: [&str; N],
) -> Result<[u64; N], HashRejected> {
    let pairs: [&str; N] = exactly(text.split(','))?;
    let mut values = [0; N];
    for ((value, pair), name) in values.iter_mut().zip(pairs).zip(names) {
        *value = match pair.split_once('=') {
            Some((found, digits)) if found == name => number(digits)?,
            _ => return Err(HashRejected::Malformed),
        };
    }
    Ok(values)
}

/// Reads a decimal number in its only spelling: digits, without sign and leading zeros.
pub(super) fn number(digits: &str) -> Result<u64, HashRejected> {
    let spelled = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    let value = if spelled { digits.parse().ok() } else { None };
    value.ok_or(HashRejected::Malformed)
}

/// Decodes a salt of 1 to 128 bytes.
pub(super) fn salt(text: &str, base64: &GeneralPurpose) -> Result<Vec<u8>, HashRejected> {
    sized_salt(base64.decode(text).map_err(|_| HashRejected::Malformed)?)
}

/// Takes a salt of 1 to 128 bytes.
pub(super) fn sized_salt(salt: Vec<u8>) -> Result<Vec<u8>, HashRejected> {
    sized(salt, 1, 128)
}

/// The output of a hash function, the secret part of a stored hash.
pub(super) struct Tag(Zeroizing<Vec<u8>>);

impl Tag {
    /// Decodes a tag of 16 to 64 bytes. Shorter ones could be met by chance, and no function here
    /// gives longer ones in practice.
    pub(super) fn decode(text: &str, base64: &GeneralPurpose) -> Result<Self, HashRejected> {
        let tag = base64.decode(text).map_err(|_| HashRejected::Malformed)?;
        Ok(Self(Zeroizing::new(sized(tag, 16, 64)?)))
    }

    /// The length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes, for a function that compares them itself in constant time.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether `derive` succeeds and fills a buffer of this length with these bytes, compared in
    /// constant time.
    pub(super) fn is_derived_by<E>(&self, derive: impl FnOnce(&mut [u8]) -> Result<(), E>) -> bool {
        let mut derived = Zeroizing::new(vec![0; self.0.len()]);
        derive(&mut derived).is_ok() && verify_slices_are_equal(&derived, &self.0).is_ok()
    }
}

impl From<Zeroizing<Vec<u8>>> for Tag {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

fn exactly<'a, const N: usize>(
    parts: impl Iterator<Item = &'a str>,
) -> Result<[&'a str; N], HashRejected> {
    // One more than wanted is enough to know that there are too many.
    let parts: Vec<&str> = parts.take(N + 1).collect();
    parts.try_into().map_err(|_| HashRejected::Malformed)
}

fn sized(bytes: Vec<u8>, min: usize, max: usize) -> Result<Vec<u8>, HashRejected> {
    if (min..=max).contains(&bytes.len()) { Ok(bytes) } else { Err(HashRejected::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MALFORMED: HashRejected = HashRejected::Malformed;

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("19456"), Ok(19_456));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        for digits in ["", "+1", "-1", "01", "1 ", "0x1", "\u{661}", "18446744073709551616"] {
            assert_eq!(number(digits), Err(MALFORMED), "{digits:?}");
        }
    }

    #[test]
    fn costs_are_read_in_their_order_and_only_whole() {
        assert_eq!(costs("m=8,t=1", ["m", "t"]), Ok([8, 1]));
        for text in ["", "m=8", "t=1,m=8", "m=8,t=1,p=1", "m=8,t", "m=8,t=", "m=8,,t=1", "M=8,t=1"]
        {
            assert_eq!(costs(text, ["m", "t"]), Err(MALFORMED), "{text:?}");
        }
    }

    #[test]
    fn fields_are_counted() {
        assert_eq!(fields("a$$c"), Ok(["a", "", "c"]));
        assert_eq!(fields::<3>("a$b"), Err(MALFORMED));
        assert_eq!(fields::<3>("a$b$c$d"), Err(MALFORMED));
    }

    #[test]
    fn each_base64_has_its_own_alphabet_and_no_padding() {
        assert_eq!(salt("+/++", &PHC), Ok(vec![0xfb, 0xff, 0xbe]));
        assert_eq!(salt("./..", &PASSLIB), Ok(vec![0xfb, 0xff, 0xbe]));
        assert_eq!(salt("./..", &PHC), Err(MALFORMED));
        assert_eq!(salt("+/++", &PASSLIB), Err(MALFORMED));
        assert_eq!(salt("AA==", &PHC), Err(MALFORMED));
        assert_eq!(salt("AB", &PHC), Err(MALFORMED), "bits to spare are zero");
    }

    #[test]
    fn lengths_of_salts_and_tags_are_bounded() {
        let base64 = |length: usize| PHC.encode(vec![7; length]);
        for (length, good) in [(0, false), (1, true), (128, true), (129, false)] {
            assert_eq!(salt(&base64(length), &PHC).is_ok(), good, "{length}");
        }
        for (length, good) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
            assert_eq!(Tag::decode(&base64(length), &PHC).is_ok(), good, "{length}");
        }
    }

    #[test]
    fn a_tag_is_met_only_by_a_derivation_that_succeeds_with_equal_bytes() {
        let tag = Tag::from(Zeroizing::new(vec![7; 16]));
        let filled = |byte: u8, result: Result<(), ()>| {
            tag.is_derived_by(|out: &mut [u8]| {
                out.fill(byte);
                result
            })
        };
        assert!(filled(7, Ok(())));
        assert!(!filled(8, Ok(())));
        assert!(!filled(7, Err(())));
    }
}
