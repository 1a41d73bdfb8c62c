//! Declared users, clients and resources.

use crate::protocol::client::GrantType;
use crate::protocol::key::Algorithm;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::ClientSecret;
use crate::protocol::sign_in::SignIn;
use crate::protocol::uri::ResourceUri;
use crate::protocol::uri::WebOrigin;
use crate::protocol::user::UserStatus;

use super::*;

const CLIENT_SECRET: &str = "0123456789abcdef0123456789abcdef";
const PASSWORD: &str = "correct horse battery";
/// bcrypt of "hunter2", cost 4.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuW9PyRPWSMhUdIwRhKBYGZ5f5E3FqRuK";

fn declared(file: &str) -> Declared {
    load_with(&[], &files(file)).declared
}

fn files(file: &str) -> [(&str, &str); 4] {
    [
        ("chancery.toml", file),
        ("/run/secret", CLIENT_SECRET),
        ("/run/password", PASSWORD),
        ("/run/short", "short"),
    ]
}

/// Refuses the file with exactly this problem.
#[track_caller]
fn refuses(file: &str, message: &str) {
    let refused = refusal_with(&[], &files(file));
    assert!(refused.contains(&format!("\n- {message}")), "misses {message}: {refused}");
    assert_eq!(refused.matches("\n- ").count(), 1, "{refused}");
}

#[test]
fn a_user_needs_only_a_name() {
    let users = declared("[[users]]\nname = 'alice'").users;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].name.as_str(), "alice");
    assert!(users[0].password.is_none());
    assert_eq!(users[0].roles.iter().count(), 0);
    assert_eq!(users[0].status, UserStatus::Active);
}

#[test]
fn a_user_has_what_is_declared() {
    let users = declared(&format!(
        "[[users]]
        name = 'Alice'
        password_file = '/run/password'
        roles = ['admin', 'editor']
        disabled = true
        [[users]]
        name = 'bob'
        password_hash = '{BCRYPT}'"
    ))
    .users;
    assert_eq!(users[0].status, UserStatus::Disabled);
    assert!(users[0].roles.contains("admin") && users[0].roles.contains("editor"));
    let Some(DeclaredPassword::Plain(password)) = &users[0].password else { panic!("no password") };
    assert_eq!(password.as_bytes(), PASSWORD.as_bytes());
    let Some(DeclaredPassword::Hash(hash)) = &users[1].password else { panic!("no hash") };
    assert_eq!(hash.as_str(), BCRYPT);
}

#[test]
fn a_password_must_satisfy_the_policy_and_a_hash_the_budget() {
    let with = |member: &str| format!("[[users]]\nname = 'alice'\n{member}");
    refuses(
        &with("password_file = '/run/short'"),
        "`users[alice].password_file` (line 1 of the file): the password is too short",
    );
    refuses(
        &with("password_hash = '$2b$31$abcdefghijklmnopqrstuuW9PyRPWSMhUdIwRhKBYGZ5f5E3FqRuK'"),
        "`users[alice].password_hash` (line 1 of the file): the password hash costs more",
    );
    refuses(
        &with(&format!("password_file = '/run/password'\npassword_hash = '{BCRYPT}'")),
        "`users[alice].password_hash` (line 1 of the file): is given as well as password_file",
    );
}

#[test]
fn a_shorter_policy_and_a_larger_budget_reach_declared_users() {
    let config = "
        [passwords]
        min_length = 8
        argon2_memory_kib = 131072
        [[users]]
        name = 'alice'
        password_file = '/run/nine'
        [[users]]
        name = 'bob'
        password_hash = '$argon2id$v=19$m=131072,t=2,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    ";
    let config = load_with(&[], &[("chancery.toml", config), ("/run/nine", "ninechars")]);
    assert_eq!(config.declared.users.len(), 2);
}

#[test]
fn what_is_known_of_a_user_is_declared_as_claims() {
    let with = |claims: &str| format!("[[users]]\nname = 'ada'\nclaims = {claims}");
    let users = declared(&with("['email=ada@example.com', 'address.country=UK']")).users;
    let expected = r#"{"address":{"country":"UK"},"email":"ada@example.com"}"#;
    assert_eq!(users[0].profile.to_string(), expected);
    assert!(declared("[[users]]\nname = 'ada'").users[0].profile.is_empty());
    let takes = "`users[ada].claims` (line 3 of the file): takes a list of claims, such as \
                 `[\"email=ada@example.com\", \"address.country=UK\"]`";
    refuses(&with("['email=ada']"), &format!("{takes}: email is an address"));
    refuses(&with("['is_admin=true']"), &format!("{takes}: a claim is none of the standard"));
    refuses(&with("'name'"), takes);
}

#[test]
fn two_names_of_one_user_are_refused() {
    refuses(
        "[[users]]\nname = 'alice'\n[[users]]\nname = 'ALICE'",
        "`users[ALICE].name` (line 3 of the file): is declared twice",
    );
}

#[test]
fn a_public_client_has_no_secret_and_every_other_has_one() {
    let clients = declared(
        "[[clients]]\nid = 'app'\npublic = true\n[[clients]]\nid = 'job'\nsecret_file = '/run/secret'",
    )
    .clients;
    assert!(clients[0].is_public());
    assert!(!clients[1].is_public());
    let expected = ClientSecret::chosen(CLIENT_SECRET).unwrap().hash();
    assert!(clients[1].secret.as_ref().unwrap().hash() == expected);

    let at = "`clients[app].secret_file` (line 1 of the file): ";
    refuses("[[clients]]\nid = 'app'", &format!("{at}is needed, unless"));
    refuses("[[clients]]\nid = 'app'\npublic = false", &format!("{at}is needed, unless"));
    refuses(
        "[[clients]]\nid = 'app'\npublic = true\nsecret_file = '/run/secret'",
        &format!("{at}must not be given"),
    );
    refuses(
        "[[clients]]\nid = 'app'\nsecret_file = '/run/short'",
        "`clients[app].secret_file` (line 3 of the file): takes the path of a file that holds 32",
    );
}

#[test]
fn a_client_may_do_nothing_that_is_not_declared() {
    let settings = &declared("[[clients]]\nid = 'app'\npublic = true").clients[0].settings;
    assert_eq!(settings.name, "app");
    assert!(!settings.first_party && settings.rotates);
    assert!(settings.grants.is_empty() && settings.scope.is_empty());
    assert!(settings.resources.is_empty() && settings.origins.is_empty());
    assert_eq!(settings.serves, None);
    assert_eq!(settings.rotate_after, Duration::ZERO);
    assert_eq!(settings.sign_in, SignIn::default());
}

#[test]
fn a_client_signs_people_in_as_is_declared() {
    let config = "
        [[clients]]
        id = 'web'
        secret_file = '/run/secret'
        grants = ['authorization_code']
        redirect_uris = ['https://a.example/cb', 'http://127.0.0.1/cb', 'https://a.example/cb']
        post_logout_redirect_uris = ['https://a.example']
        backchannel_logout_uri = 'http://localhost:3000/logout'
        pkce_required = false
        id_token_algorithm = 'ES256'
        userinfo_algorithm = 'PS256'
        client_uri = 'https://a.example'
        policy_uri = 'https://a.example/privacy'
        tos_uri = 'https://a.example/terms'
    ";
    let sign_in = &declared(config).clients[0].settings.sign_in;
    let texts = |uris: &[RedirectUri]| uris.iter().map(RedirectUri::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&sign_in.redirect_uris), ["https://a.example/cb", "http://127.0.0.1/cb"]);
    assert_eq!(texts(&sign_in.post_logout_redirect_uris), ["https://a.example"]);
    let called = sign_in.backchannel_logout_uri.as_ref().unwrap();
    assert_eq!(called.as_str(), "http://localhost:3000/logout");
    assert!(!sign_in.pkce_required && !sign_in.skips_consent);
    assert_eq!(sign_in.id_token_algorithm, Algorithm::Es256);
    assert_eq!(sign_in.userinfo_algorithm, Some(Algorithm::Ps256));
    let pages = [&sign_in.client_uri, &sign_in.policy_uri, &sign_in.tos_uri];
    let pages = pages.map(|page| page.as_ref().unwrap().as_str());
    let expected = ["https://a.example", "https://a.example/privacy", "https://a.example/terms"];
    assert_eq!(pages, expected);

    let skips = |member: &str| {
        let client = format!("[[clients]]\nid = 'app'\npublic = true\n{member}");
        declared(&client).clients[0].settings.sign_in.skips_consent
    };
    assert!(skips("first_party = true"));
    assert!(!skips("first_party = true\nskips_consent = false"));
}

#[test]
fn a_client_has_what_is_declared() {
    let config = "
        issuer = 'http://localhost:9000/as'
        [[clients]]
        id = 'web'
        name = 'The shop'
        secret_file = '/run/secret'
        first_party = true
        grants = ['refresh_token', 'client_credentials', 'refresh_token']
        scopes = ['openid', 'read']
        resources = ['issuer:admin', 'https://api.example', 'issuer', 'http://localhost:9000/as']
        serves = 'https://api.example'
        origins = ['https://shop.example']
        rotation = 'never'
        rotate_after = '2m'
    ";
    let settings = &declared(config).clients[0].settings;
    assert_eq!(settings.name, "The shop");
    assert!(settings.first_party && !settings.rotates);
    assert_eq!(settings.grants, [GrantType::RefreshToken, GrantType::ClientCredentials]);
    assert_eq!(settings.scope.to_string(), "openid read");
    let resources: Vec<_> = settings.resources.iter().map(ResourceUri::as_str).collect();
    let issuer = "http://localhost:9000/as";
    assert_eq!(resources, ["http://localhost:9000/as/admin", "https://api.example", issuer]);
    assert_eq!(settings.serves.as_ref().unwrap().as_str(), "https://api.example");
    let origins: Vec<&str> = settings.origins.iter().map(WebOrigin::as_str).collect();
    assert_eq!(origins, ["https://shop.example"]);
    assert_eq!(settings.rotate_after, Duration::from_mins(2));
}

#[test]
fn settings_of_a_client_that_contradict_each_other_are_refused() {
    let public = |member: &str| format!("[[clients]]\nid = 'app'\npublic = true\n{member}");
    let at = "`clients[app].id` (line 1 of the file): a public client";
    refuses(&public("grants = ['client_credentials']"), &format!("{at} cannot use"));
    refuses(&public("rotation = 'never'"), &format!("{at}'s refresh tokens must rotate"));
    refuses(&public("serves = 'urn:api'"), &format!("{at} cannot serve"));
    refuses(&public("pkce_required = false"), &format!("{at} must use PKCE"));
    let at = "`clients[app].id` (line 1 of the file): ";
    let code = "grants = ['authorization_code']";
    refuses(&public(code), &format!("{at}a client with authorization_code needs"));
    refuses(
        &public("redirect_uris = ['https://a.example']"),
        &format!("{at}a client with redirect URIs needs"),
    );
    refuses(&public("skips_consent = true"), &format!("{at}only a first-party client"));
}

#[test]
fn members_of_a_client_are_checked_one_by_one() {
    for (member, takes) in [
        (
            "grants = ['password']",
            "takes a list, each `authorization_code`, `client_credentials` or",
        ),
        ("scopes = 'a b'", "takes a list of scopes"),
        ("resources = ['api']", "takes a list, each an absolute URI"),
        ("serves = 'issuer'", "takes an absolute URI"),
        ("origins = ['https://a.example/']", "takes a list, each an origin"),
        ("redirect_uris = ['http://a.example/']", "takes a list, each an https URI"),
        ("post_logout_redirect_uris = ['/']", "takes a list, each an https URI"),
        ("backchannel_logout_uri = 'http://a.example/'", "takes an https URI, or"),
        ("id_token_algorithm = 'HS256'", "takes `ES256`, `RS256`"),
        ("userinfo_algorithm = 'none'", "takes `ES256`, `RS256`"),
        ("tos_uri = 'http://a.example/'", "takes an https URL"),
        ("rotation = 'sometimes'", "takes `always` or `never`"),
        ("rotate_after = '6m'", "takes a span from 0s to 5m"),
        ("first_party = 'yes'", "takes `true` or `false`"),
        ("secrets = 'x'", "there is no such key"),
        ("colour.red = 1", "there is no such key"),
    ] {
        let name = member.split([' ', '.']).next().unwrap();
        let at = format!("`clients[app].{name}` (line 4 of the file): {takes}");
        refuses(&format!("[[clients]]\nid = 'app'\npublic = true\n{member}"), &at);
    }
}

#[test]
fn an_object_without_a_name_is_called_by_its_position() {
    let file = "[[clients]]\nid = 'app'\npublic = true\n[[clients]]\npublic = true";
    refuses(file, "`clients[#2].id` (line 4 of the file): is missing; it takes 1 to 128");
    let uuid = "0199a7a0-1111-7222-8333-444455556666";
    let file = format!("[[clients]]\npublic = true\nid = '{uuid}'");
    refuses(&file, "`clients[#1].id` (line 3 of the file): takes 1 to 128");
}

#[test]
fn a_client_id_is_declared_once() {
    let file = "[[clients]]\nid = 'app'\npublic = true\n".repeat(2);
    refuses(&file, "`clients[app].id` (line 4 of the file): is declared twice");
}

#[test]
fn a_resource_needs_only_a_uri() {
    let resources = declared("[[resources]]\nuri = 'https://api.example'").resources;
    let settings = &resources[0].settings;
    assert_eq!(resources[0].uri.as_str(), "https://api.example");
    assert_eq!(settings.name, "https://api.example");
    assert!(settings.scope.is_empty() && settings.role_scopes.is_empty());
    assert_eq!(settings.algorithm, Algorithm::Es256);
    assert_eq!(settings.access_token_ttl, Duration::from_mins(5));
}

#[test]
fn a_resource_has_what_is_declared() {
    let config = "
        [[resources]]
        uri = 'urn:orders'
        name = 'Orders'
        scopes = ['read', 'write']
        role_scopes = ['editor=write']
        algorithm = 'RS256'
        access_token_ttl = '10m'
    ";
    let settings = &declared(config).resources[0].settings;
    assert_eq!(settings.name, "Orders");
    assert_eq!(settings.scope.to_string(), "read write");
    assert_eq!(settings.role_scopes[0].to_string(), "editor=write");
    assert_eq!(settings.algorithm, Algorithm::Rs256);
    assert_eq!(settings.access_token_ttl, Duration::from_mins(10));
}

#[test]
fn a_resource_fits_its_surroundings() {
    let with = |member: &str| format!("[[resources]]\nuri = 'urn:api'\n{member}");
    let at = |member: &str| format!("`resources[urn:api].{member}` (line 1 of the file): ");
    refuses(
        &with("scopes = ['read']\nrole_scopes = ['admin=write']"),
        &format!("{}binds a scope that is not among", at("role_scopes")),
    );
    refuses(
        &with("access_token_ttl = '2h'"),
        &format!("{}must be at most tokens.max_token_life", at("access_token_ttl")),
    );
    refuses(
        &with("[[resources]]\nuri = 'urn:api'"),
        "`resources[urn:api].uri` (line 3 of the file): is declared twice",
    );
    refuses(
        &with("algorithm = 'HS256'"),
        "`resources[urn:api].algorithm` (line 3 of the file): takes `ES256`, `RS256`",
    );
    for uri in ["http://localhost:8080", "http://localhost:8080/admin"] {
        refuses(
            &format!("[[resources]]\nuri = '{uri}'"),
            &format!("`resources[{uri}].uri` (line 1 of the file): is a resource that the issuer"),
        );
    }
}

#[test]
fn only_a_name_that_is_given_is_bounded() {
    let long = format!("urn:{}", "x".repeat(500));
    let resources = declared(&format!("[[resources]]\nuri = '{long}'")).resources;
    assert_eq!(resources[0].settings.name, long);
    let (longest, over) = ("ü".repeat(200), "ü".repeat(201));
    for (object, key) in [
        ("[[resources]]\nuri = 'urn:api'", "resources[urn:api].name"),
        ("[[clients]]\nid = 'app'\npublic = true", "clients[app].name"),
    ] {
        declared(&format!("{object}\nname = '{longest}'"));
        for name in [&over, "a\\u0007b", ""] {
            let line = object.lines().count() + 1;
            let says = format!("`{key}` (line {line} of the file): takes a name of 1 to 200");
            refuses(&format!("{object}\nname = \"{name}\""), &says);
        }
    }
}

#[test]
fn a_lower_cap_holds_for_resources_that_chose_no_life() {
    let config = "tokens.max_token_life = '1m'\n[[resources]]\nuri = 'urn:api'";
    assert_eq!(declared(config).resources.len(), 1);
}

#[test]
fn declared_objects_are_shown_by_name() {
    let config = load(&[], "[[users]]\nname = 'alice'\n[[users]]\nname = 'bob'");
    assert_eq!(shown(&config, "users"), "alice, bob");
}

#[test]
fn every_grant_and_algorithm_is_named_where_it_is_taken() {
    let docs = describe_declared();
    let takes = |key: &str| &docs.iter().find(|doc| doc.key == key).unwrap().takes;
    for grant in GrantType::EVERY {
        assert!(takes("clients[].grants").contains(&format!("`{}`", grant.as_str())));
    }
    for algorithm in Algorithm::EVERY {
        for key in ["resources[].algorithm", "clients[].id_token_algorithm"] {
            assert!(takes(key).contains(&format!("`{}`", algorithm.as_str())));
        }
    }
}
