//! The standard claims (OIDC Core §5.1): what opens them and what may stand in them.

use serde_json::{Map, Value};
use url::Url;

/// A standard claim.
pub(super) struct Claim {
    pub(super) name: &'static str,
    /// The scope that opens it (OIDC Core §5.4).
    pub(super) scope: &'static str,
    pub(super) check: fn(&Value) -> bool,
    /// What is wrong where the check fails.
    pub(super) error: &'static str,
}

impl Claim {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        CLAIMS.iter().find(|claim| claim.name == name)
    }
}

macro_rules! claims {
    ($($name:literal of $scope:literal: $check:ident, $is:expr;)*) => {
        pub(super) const CLAIMS: &[Claim] = &[$(Claim {
            name: $name,
            scope: $scope,
            check: $check,
            error: concat!($name, " is ", $is),
        },)*];
    };
}

claims! {
    "name" of "profile": line, "1 to 200 characters without control characters";
    "given_name" of "profile": line, "1 to 200 characters without control characters";
    "family_name" of "profile": line, "1 to 200 characters without control characters";
    "middle_name" of "profile": line, "1 to 200 characters without control characters";
    "nickname" of "profile": line, "1 to 200 characters without control characters";
    "preferred_username" of "profile": line, "1 to 200 characters without control characters";
    "profile" of "profile": link, "an https or http URL of at most 512 bytes";
    "picture" of "profile": link, "an https or http URL of at most 512 bytes";
    "website" of "profile": link, "an https or http URL of at most 512 bytes";
    "gender" of "profile": line, "1 to 200 characters without control characters";
    "birthdate" of "profile": birthdate, "YYYY-MM-DD or YYYY, with the year 0000 where it is withheld";
    "zoneinfo" of "profile": zone, "the name of a time zone, such as Europe/Berlin";
    "locale" of "profile": locale, "a language tag, such as de-AT";
    "email" of "email": email, "an address with one @, of at most 254 bytes";
    "email_verified" of "email": flag, "true or false";
    "address" of "address": address,
        "one or more of formatted, street_address, locality, region, postal_code and country";
    "phone_number" of "phone": phone, "a number in the form of E.164, such as +4930123456";
    "phone_number_verified" of "phone": flag, "true or false";
}

fn line(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && super::text::is_plain(text, 200))
}

fn flag(value: &Value) -> bool {
    value.is_boolean()
}

fn link(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let begins = text.starts_with("https://") || text.starts_with("http://");
    let printable = text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let anonymous = |url: Url| url.username().is_empty() && url.password().is_none();
    begins && printable && Url::parse(text).is_ok_and(anonymous)
}

/// Light: whether the address leads anywhere is known only where somebody answers.
fn email(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let Some((local, domain)) = text.split_once('@') else { return false };
    let speaks = |c: char| c.is_whitespace() || c.is_control() || r#"@<>()[]\,;:""#.contains(c);
    let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
    text.len() <= 254
        && local.len() <= 64
        && !local.contains(speaks)
        && !domain.contains(speaks)
        && dotted(local)
        && dotted(domain)
}

fn phone(value: &Value) -> bool {
    let digits = value.as_str().and_then(|text| text.strip_prefix('+')).unwrap_or_default();
    (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn birthdate(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let parts: Vec<&str> = text.split('-').collect();
    let is = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts[..] {
        [year] => is(year, 4),
        [year, month, day] if is(year, 4) && is(month, 2) && is(day, 2) => {
            let numbers = (year.parse(), month.parse(), day.parse());
            let (Ok(year), Ok(month), Ok(day)) = numbers else { return false };
            (1..=days(year, month)).contains(&day)
        }
        _ => false,
    }
}

/// The days of a month; the year 0000 stands for any.
fn days(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn zone(value: &Value) -> bool {
    is_word(value, 64, b"/_+-")
}

fn locale(value: &Value) -> bool {
    // Some write de_AT (OIDC Core §5.1).
    is_word(value, 35, b"-_")
}

fn is_word(value: &Value, longest: usize, others: &[u8]) -> bool {
    let text = value.as_str().unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    text.len() <= longest
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(allowed)
}

/// OIDC Core §5.1.1.
fn address(value: &Value) -> bool {
    let known = |parts: &Map<String, Value>| {
        !parts.is_empty()
            && parts.iter().all(|(name, part)| ADDRESS.contains(&&**name) && lines(part))
    };
    value.as_object().is_some_and(known)
}

const ADDRESS: [&str; 6] =
    ["formatted", "street_address", "locality", "region", "postal_code", "country"];

fn lines(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        !text.is_empty() && super::text::is_plain(&text.replace(['\n', '\r'], " "), 500)
    })
}
