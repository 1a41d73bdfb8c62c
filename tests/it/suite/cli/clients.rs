//! `chancery client` and `chancery resource`.

use http::StatusCode;
use serde_json::{Value, json};

use super::{BACKEND, look, set_up};
use crate::support::{Installation, TestServer, basic};

const GIVEN: &str = "0123456789abcdef0123456789abcdef";

async fn token(server: &TestServer, client: &str, secret: &str) -> StatusCode {
    let form = "grant_type=client_credentials&resource=urn:api";
    look(server);
    server.form("/oauth/token", &basic(client, secret), form).await.status
}

#[tokio::test]
async fn a_generated_secret_is_printed_once_and_works() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let create = "client create batch --scope read --resource urn:api";
    let out = installation.run(create).ok();
    let secrets: Vec<&str> =
        out.split_whitespace().filter(|word| word.starts_with("chs_")).collect();
    let [secret] = secrets[..] else { panic!("{out}") };
    let server = installation.server().await;
    assert_eq!(token(&server, "batch", secret).await, StatusCode::OK);
    for command in ["client show batch", "client list", "--json client show batch"] {
        assert!(!installation.run(command).ok().contains("secret"), "{command}");
    }
    installation.run(create).fails(1, "a client of this id exists");
}

#[tokio::test]
async fn a_given_secret_works_and_is_not_printed() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let create = "client create batch --secret-stdin --scope read --resource urn:api";
    installation.run_on(create, "too-short\n").fails(1, "32 to 256");
    let out = installation.run_on(create, &format!("{GIVEN}\n")).ok();
    assert!(!out.contains(GIVEN) && !out.contains("secret"), "{out}");
    let server = installation.server().await;
    assert_eq!(token(&server, "batch", GIVEN).await, StatusCode::OK);
}

#[tokio::test]
async fn a_secret_is_replaced_with_an_overlap_or_at_once() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let create = "client create batch --secret-stdin --scope read --resource urn:api";
    installation.run_on(create, GIVEN).ok();
    let server = installation.server().await;
    let rotate = |more: &str| {
        let shown = installation.run(&format!("--json client rotate-secret batch {more}")).json();
        (shown["client_secret"].as_str().unwrap().to_owned(), shown["effective_by"].is_object())
    };
    let (second, revoked) = rotate("--overlap 3600");
    assert!(!revoked);
    assert_eq!(token(&server, "batch", GIVEN).await, StatusCode::OK);
    assert_eq!(token(&server, "batch", &second).await, StatusCode::OK);
    let (third, revoked) = rotate("--compromised");
    assert!(revoked);
    assert_eq!(token(&server, "batch", &second).await, StatusCode::UNAUTHORIZED);
    assert_eq!(token(&server, "batch", &third).await, StatusCode::OK);
    installation.run("client rotate-secret app").fails(1, "public");
}

#[tokio::test]
async fn a_client_is_paused_disabled_enabled_and_deleted() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let create = "client create batch --secret-stdin --scope read --resource urn:api";
    installation.run_on(create, GIVEN).ok();
    let server = installation.server().await;
    for (command, expected, works) in [
        ("pause", "paused", false),
        ("enable", "active", true),
        ("disable", "disabled", false),
        ("enable", "active", true),
    ] {
        let changed = installation.run(&format!("--json client {command} batch")).json();
        assert_eq!(changed["status"], expected);
        assert_eq!(changed["effective_by"].is_object(), !works, "{command}");
        assert_eq!(token(&server, "batch", GIVEN).await.is_success(), works, "{command}");
    }
    let deleted = installation.run("--json client delete batch").json();
    assert!(deleted["effective_by"]["issuer"].is_string());
    assert_eq!(token(&server, "batch", GIVEN).await, StatusCode::UNAUTHORIZED);
    installation.run("client show batch").fails(1, "there is no such client");
}

#[test]
fn what_a_client_may_do_is_as_it_was_said() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let create = "--json client create web --first-party --grant refresh_token \
                  --grant client_credentials --scope read --scope write --resource urn:a \
                  --resource urn:b --serves urn:a --origin https://app.example --rotation never \
                  --rotate-after 60 --name Web";
    let made = installation.run(create).json();
    for (member, expected) in [
        ("grants", json!(["refresh_token", "client_credentials"])),
        ("scopes", json!(["read", "write"])),
        ("resources", json!(["urn:a", "urn:b"])),
        ("serves", json!("urn:a")),
        ("origins", json!(["https://app.example"])),
        ("rotation", json!("never")),
        ("rotate_after", json!(60)),
        ("name", json!("Web")),
        ("public", json!(false)),
        ("first_party", json!(true)),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    for (arguments, grant) in [
        ("first --first-party", "refresh_token"),
        ("public --public", "refresh_token"),
        ("batch", "client_credentials"),
    ] {
        let made = installation.run(&format!("--json client create {arguments}")).json();
        assert_eq!(made["grants"], json!([grant]), "{arguments}");
        assert_eq!(made["name"], made["client_id"], "a name for people is the id");
    }
    let refused = "client create x --public --grant client_credentials";
    installation.run(refused).fails(1, "a public client cannot use client_credentials");
}

const WEB: &str = "--json client create web --scope openid --redirect-uri https://app.example/cb \
                   --redirect-uri http://127.0.0.1/cb --post-logout-redirect-uri \
                   https://app.example --backchannel-logout-uri http://localhost:3000/logout \
                   --no-pkce --first-party --ask-consent --id-token-algorithm ES256 \
                   --userinfo-algorithm EdDSA --client-uri https://app.example --policy-uri \
                   https://app.example/privacy --tos-uri https://app.example/terms";

#[test]
fn a_client_is_registered_for_signing_people_in() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let made = installation.run(WEB).json();
    for (member, expected) in [
        ("grants", json!(["authorization_code", "refresh_token"])),
        ("redirect_uris", json!(["https://app.example/cb", "http://127.0.0.1/cb"])),
        ("post_logout_redirect_uris", json!(["https://app.example"])),
        ("backchannel_logout_uri", json!("http://localhost:3000/logout")),
        ("pkce_required", json!(false)),
        ("skips_consent", json!(false)),
        ("id_token_algorithm", json!("ES256")),
        ("userinfo_algorithm", json!("EdDSA")),
        ("client_uri", json!("https://app.example")),
        ("policy_uri", json!("https://app.example/privacy")),
        ("tos_uri", json!("https://app.example/terms")),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    let create = "client create x --redirect-uri";
    installation.run(&format!("{create} http://app.example/cb")).fails(2, "must be https");
    installation.run(&format!("{create} https://a.example --public --no-pkce")).fails(1, "PKCE");
    installation
        .run(&format!("{create} https://a.example --grant refresh_token"))
        .fails(1, "needs the grant authorization_code");
    installation.run("client create x --grant authorization_code").fails(1, "needs a redirect URI");
}

#[test]
fn a_client_is_changed_in_what_is_given_alone() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let mut expected = installation.run(WEB).json();
    expected.as_object_mut().unwrap().remove("client_secret");
    let mut update = |arguments: &str, members: &[(&str, Value)]| {
        let changed = installation.run(&format!("--json client update web {arguments}")).json();
        expected["updated_at"] = changed["updated_at"].clone();
        for (member, value) in members {
            match value {
                Value::Null => drop(expected.as_object_mut().unwrap().remove(*member)),
                value => expected[*member] = value.clone(),
            }
        }
        assert_eq!(changed, expected, "{arguments}");
        assert_eq!(installation.run("--json client show web").json(), expected, "{arguments}");
    };
    update("", &[]);
    update(
        "--name Shop --rotate-after 60",
        &[("name", json!("Shop")), ("rotate_after", json!(60))],
    );
    let uris = json!(["https://app.example/other"]);
    update("--redirect-uri https://app.example/other", &[("redirect_uris", uris)]);
    let usual = [
        ("rotate_after", json!(0)),
        ("post_logout_redirect_uris", json!([])),
        ("backchannel_logout_uri", Value::Null),
        ("pkce_required", json!(true)),
        ("skips_consent", json!(true)),
        ("id_token_algorithm", json!("RS256")),
        ("userinfo_algorithm", Value::Null),
        ("client_uri", Value::Null),
        ("policy_uri", Value::Null),
        ("tos_uri", Value::Null),
        ("scopes", json!([])),
    ];
    let resets = "--reset rotate-after --reset post-logout-redirect-uris --reset pkce \
                  --reset backchannel-logout-uri --reset consent --reset id-token-algorithm \
                  --reset userinfo-algorithm --reset client-uri --reset policy-uri \
                  --reset tos-uri --reset scopes";
    update(resets, &usual);
    let others = [("first_party", json!(false)), ("skips_consent", json!(false))];
    update("--reset first-party", &others);
    let plain = [("grants", json!(["refresh_token"])), ("redirect_uris", json!([]))];
    update("--reset redirect-uris --grant refresh_token", &plain);
    update(
        "--scope read --rotation never",
        &[("scopes", json!(["read"])), ("rotation", json!("never"))],
    );
    update("--first-party", &[("first_party", json!(true)), ("skips_consent", json!(true))]);
    installation.run("client update nobody").fails(1, "there is no such client");
}

#[test]
fn a_resource_is_created_with_the_key_it_needs_listed_and_deleted() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let create = "--json resource create https://api.example --name API --scope read \
                  --scope write --role-scope editor=write --algorithm EdDSA \
                  --access-token-ttl 120";
    let made = installation.run(create).json();
    assert_eq!(made["role_scopes"], json!(["editor=write"]));
    let unnamed = installation.run("--json resource create urn:unnamed").json();
    assert_eq!(unnamed["name"], "urn:unnamed");
    installation.run("resource delete urn:unnamed").ok();
    assert_eq!((&made["algorithm"], &made["access_token_ttl"]), (&json!("EdDSA"), &json!(120)));
    let keys = installation.run("--json key list").json();
    let keys = keys["items"].as_array().unwrap();
    assert!(keys.iter().any(|key| key["algorithm"] == "EdDSA" && key["state"] == "active"));
    assert_eq!(installation.run("--json resource list").json()["items"], json!([made]));
    let text = "resource create urn:b --scope-text read=Reads";
    installation.run(text).fails(1, "scope_texts names a scope that is not in scopes");
    let role = "resource create urn:b --role-scope editor=write";
    installation.run(role).fails(1, "role_scopes names a scope that is not in scopes");
    installation.run("resource delete https://api.example").ok();
    assert_eq!(installation.run("--json resource list").json()["items"], json!([]));
}

#[test]
fn the_life_of_tokens_has_the_same_bounds_for_every_way_to_declare_it() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let refused = "resource create urn:short --access-token-ttl 9";
    installation.run(refused).fails(1, "access_token_ttl is from 10 seconds");
    installation.run("resource create urn:least --access-token-ttl 10").ok();
    let declare = |life: u8| {
        let text = format!("[[resources]]\nuri = 'urn:declared'\naccess_token_ttl = {life}\n");
        installation.write("chancery.toml", &text);
    };
    declare(9);
    installation.run("config check").fails(2, "`resources[urn:declared].access_token_ttl`");
    declare(10);
    installation.run("config check").ok();
    installation.run("apply").ok();
    // The cap applies to the default, which nobody chose.
    let capped = [("CHANCERY_TOKENS__MAX_TOKEN_LIFE", "60")];
    installation.run_with("resource create urn:usual", "", &capped).ok();
    installation
        .run_with("resource create urn:long --access-token-ttl 61", "", &capped)
        .fails(1, "");
}

#[tokio::test]
async fn a_client_is_given_a_picture_and_loses_it() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let server = installation.server().await;
    installation.write("logo.gif", "GIF89a and more");
    let shown = installation.run("--json client logo app logo.gif").json();
    let path = shown["logo"].as_str().unwrap();
    assert_eq!(server.get(path).await.body, "GIF89a and more");
    let shown = installation.run("--json client logo app --remove").json();
    assert_eq!(shown.get("logo"), None);
    server.get(path).await.assert_error(404, "not_found");
    installation.write("logo.svg", "<svg/>");
    installation.run("client logo app logo.svg").fails(1, "logo.svg: it is not a PNG");
    installation.write("large.gif", &format!("GIF89a{}", ".".repeat(64 * 1024)));
    installation.run("client logo app large.gif").fails(1, "larger than 64 KiB");
    installation.run("client logo app").fails(2, "<FILE>");
    installation.run("client logo app logo.gif --remove").fails(2, "--remove");
}
