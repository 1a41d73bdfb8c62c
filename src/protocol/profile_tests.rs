//! What may stand in a profile.

use serde_json::json;

use super::*;
use crate::protocol::ids::UserId;
use crate::protocol::password::UserName;
use crate::protocol::time::Timestamp;
use crate::protocol::user::{Roles, User, UserStatus};

fn parse(value: Value) -> Result<Profile, BadProfile> {
    let Value::Object(members) = value else { panic!("an object") };
    Profile::parse(members)
}

fn ada() -> Profile {
    parse(json!({
        "name": "Ada Lovelace", "given_name": "Ada", "birthdate": "1815-12-10",
        "zoneinfo": "Europe/London", "locale": "en-GB", "website": "https://ada.example/#works",
        "email": "ada@example.com", "email_verified": true, "phone_number": "+442079460123",
        "address": {"locality": "London", "formatted": "12 St James's Square\nLondon"},
    }))
    .unwrap()
}

#[test]
fn each_scope_opens_its_claims_alone() {
    for (scope, names) in [
        ("openid offline_access", vec![]),
        ("email", vec!["email", "email_verified"]),
        ("phone", vec!["phone_number"]),
        ("address", vec!["address"]),
        ("profile", vec!["birthdate", "given_name", "locale", "name", "website", "zoneinfo"]),
        ("phone email", vec!["email", "email_verified", "phone_number"]),
    ] {
        let claims = ada().claims_for(&ScopeSet::parse(scope).unwrap());
        assert_eq!(claims.keys().collect::<Vec<_>>(), names, "{scope}");
        assert!(claims.iter().all(|(name, value)| ada().claim(name) == Some(value)));
    }
}

#[test]
fn a_stored_profile_is_the_one_that_was_checked() {
    assert_eq!(Profile::from_stored(&ada().to_string()), Some(ada()));
    assert_eq!(Profile::default().to_string(), "{}");
    assert_eq!(Profile::from_stored("[]"), None);
    assert_eq!(parse(json!({"name": null})), Ok(Profile::default()));
}

#[test]
fn what_is_not_of_its_form_is_refused_by_its_name() {
    let long = "x".repeat(201);
    let far = format!("https://a.example/{}", "x".repeat(500));
    let local = format!("{}@a.example", "x".repeat(65));
    let formatted = "x".repeat(501);
    for (name, value) in [
        ("name", json!("")),
        ("name", json!(1)),
        ("name", json!(["Ada"])),
        ("nickname", json!("a\nb")),
        ("family_name", json!(long)),
        ("website", json!("javascript:alert(1)")),
        ("picture", json!("//cdn.example/x.png")),
        ("profile", json!("https://u:p@a.example")),
        ("picture", json!(far)),
        ("email", json!("ada")),
        ("email", json!("@example.com")),
        ("email", json!("ada@")),
        ("email", json!("ada@example..com")),
        ("email", json!("ada@b@example.com")),
        ("email", json!("Ada <ada@example.com>")),
        ("email", json!("ada@example.com\r\nBcc: x@y.example")),
        ("email", json!(local)),
        ("email_verified", json!("true")),
        ("birthdate", json!("1815-02-29")),
        ("birthdate", json!("1900-02-29")),
        ("birthdate", json!("1815-13-01")),
        ("birthdate", json!("1815-12-00")),
        ("birthdate", json!("1815-12")),
        ("birthdate", json!("10.12.1815")),
        ("zoneinfo", json!("Europe/London; x")),
        ("zoneinfo", json!("")),
        ("locale", json!("en GB")),
        ("phone_number", json!("020 7946 0123")),
        ("phone_number", json!("+0207946")),
        ("phone_number", json!("+1234567890123456")),
        ("address", json!("London")),
        ("address", json!({})),
        ("address", json!({"city": "London"})),
        ("address", json!({"locality": 1})),
        ("address", json!({"formatted": formatted})),
    ] {
        let error = parse(json!({name: value})).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name} is ")), "{name} {value}: {error}");
    }
    for unknown in ["sub", "updated_at", "roles", "Name", "is_admin"] {
        assert_eq!(parse(json!({unknown: "x"})), Err(BadProfile(UNKNOWN)), "{unknown}");
    }
    for birthdate in ["1815", "0000-02-29", "2000-02-29", "1815-12-31"] {
        assert!(parse(json!({"birthdate": birthdate})).is_ok(), "{birthdate}");
    }
}

#[test]
fn nothing_is_verified_that_is_not_there() {
    assert!(parse(json!({"email_verified": false})).is_err());
    assert!(parse(json!({"phone_number_verified": true, "email": "a@b"})).is_err());
}

#[test]
fn a_profile_has_a_greatest_length() {
    let parts = ["formatted", "street_address", "locality", "region", "postal_code", "country"];
    let wide = "\u{1F600}".repeat(500);
    let address: Map<String, Value> =
        parts.iter().map(|part| ((*part).to_owned(), json!(wide))).collect();
    let error = parse(json!({"address": address})).unwrap_err();
    assert_eq!(error.text(), "a profile is at most 8192 bytes of JSON");
}

#[test]
fn a_change_names_what_it_changes() {
    let changes = [
        "name=Ada, Countess of Lovelace",
        "email=",
        "email_verified=",
        "phone_number_verified=true",
        "address.formatted=",
        "address.country=a=b",
        "nickname=",
    ];
    let changes = changes.map(|text| ClaimChange::parse(text).unwrap());
    let after = ada().with(changes).unwrap();
    assert_eq!(after.claim("name"), Some(&json!("Ada, Countess of Lovelace")));
    assert_eq!(after.claim("email"), None);
    assert_eq!(after.claim("phone_number_verified"), Some(&json!(true)));
    assert_eq!(after.claim("address"), Some(&json!({"locality": "London", "country": "a=b"})));
    let gone =
        ["address.locality=", "address.country="].map(|one| ClaimChange::parse(one).unwrap());
    assert_eq!(after.with(gone).unwrap().claim("address"), None);
    for text in ["name", "sub=x", "name.first=x", "=x", "roles=admin"] {
        assert!(ClaimChange::parse(text).is_err(), "{text}");
    }
    let wrong = ["email=ada", "email_verified=yes", "address=London", "email="];
    for text in wrong {
        let change = ClaimChange::parse(text).unwrap();
        assert!(ada().with([change]).is_err(), "{text}");
    }
}

#[test]
fn a_user_is_known_by_his_name_and_the_time_of_his_last_change() {
    let user = |profile| User {
        id: UserId::from_bytes([1; 16]),
        name: UserName::parse("ada").unwrap(),
        password_hash: None,
        roles: Roles::default(),
        profile,
        status: UserStatus::Active,
        disabled_by_file: false,
        managed: false,
        version: 1,
        not_before: None,
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_seconds(7),
    };
    let claims = |profile, scope: &str| {
        Value::Object(user(profile).claims(&ScopeSet::parse(scope).unwrap()))
    };
    let nothing = Profile::default;
    let known = json!({"preferred_username": "ada", "updated_at": 7});
    assert_eq!(claims(nothing(), "openid profile email"), known);
    assert_eq!(claims(nothing(), "openid email"), json!({}));
    let chosen = parse(json!({"preferred_username": "countess", "email": "a@b"})).unwrap();
    let known = json!({"preferred_username": "countess", "updated_at": 7, "email": "a@b"});
    assert_eq!(claims(chosen, "profile email"), known);
}
