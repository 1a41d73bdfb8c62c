//! What goes with a page: the headers that guard it, the cookies, the form that posts an answer.

use http::{Method, Request};
use serde_json::json;

use super::super::BACKEND;
use super::{CALLBACK, Given, assert_denied, given};
use crate::support::{Asking, Browser, Options, PASSWORD, Reply, TestServer};

/// Every page of the way, by name.
async fn pages(given: &Given) -> Vec<(&'static str, Reply)> {
    let mut browser = given.browser();
    let asking = Given::asking("shop");
    let sign_in = browser.ask(&asking).await;
    let wrong = browser.sign_in(&sign_in, "anna", "wrong").await;
    let consent = browser.sign_in(&sign_in, "anna", PASSWORD).await;
    let forged = browser.post("/consent", &[("i", &consent.field("i"))]).await;
    let form = browser.ask(&asking.with("prompt", "none").with("response_mode", "form_post")).await;
    vec![
        ("sign in", sign_in),
        ("wrong password", wrong),
        ("consent", consent),
        ("form post", form),
        ("forged", forged),
        ("no client", browser.ask(&Given::asking("nobody")).await),
        ("alone", given.browser().get("/signin").await),
        ("no interaction", browser.get("/consent?i=x").await),
        ("no form", browser.send(Method::POST, "/oauth/authorize", None).await),
    ]
}

#[tokio::test]
async fn c047_no_page_can_be_framed() {
    let Some(given) = given().await else { return };
    for (name, page) in pages(&given).await {
        let policy = page.header("content-security-policy");
        let script = if name == "form post" { " script-src 'self';" } else { "" };
        // Only this form goes to a client, which sends people on as it likes.
        let leads_to = if name == "form post" { "*" } else { "'self'" };
        let expected = format!(
            "default-src 'none'; style-src 'self'; img-src 'self';{script} \
             form-action {leads_to}; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(policy, expected, "{name}");
        for (header, value) in [
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(page.header(header), value, "{name}: {header}");
        }
    }
}

#[tokio::test]
async fn c050_no_page_loads_anything_from_elsewhere_or_tells_where_somebody_was() {
    let Some(given) = given().await else { return };
    for (name, page) in pages(&given).await {
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{name}");
        for attribute in ["src=\"", "href=\""] {
            let found = page.body.split(attribute).skip(1);
            for uri in found.map(|rest| rest.split('"').next().unwrap()) {
                assert!(uri.starts_with('/') && !uri.starts_with("//"), "{name}: {uri}");
            }
        }
        for inline in ["<style", "style=", "<script>", "javascript:", " onclick", " onload"] {
            assert!(!page.body.contains(inline), "{name}: {inline}");
        }
    }
}

#[tokio::test]
async fn c054_no_script_of_another_origin_reads_an_answer() {
    let Some(given) = given().await else { return };
    given.change_client("spa", &json!({"origins": ["https://spa.example"]})).await;
    let query = Given::asking("spa").query();
    for origin in ["https://spa.example", "https://evil.example", "null"] {
        for path in ["/oauth/authorize", "/signin", "/consent"] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let request = Request::builder()
                    .method(method.clone())
                    .uri(format!("{path}?{query}"))
                    .header("origin", origin)
                    .header("access-control-request-method", "POST")
                    .header("content-type", "application/x-www-form-urlencoded");
                let reply = given.server.send(request.body(axum::body::Body::empty()).unwrap());
                let reply = reply.await;
                let shared = reply.headers.keys().any(|name| name.as_str().starts_with("access-"));
                assert!(!shared, "{method} {path} {origin}: {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_by_form_post_is_a_form_to_the_redirect_uri() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let asking = Given::asking("shop").with("response_mode", "form_post").set("state", "a\"b<c");
    let fields = |page: &Reply, error: bool| {
        assert_eq!((page.status.as_u16(), page.header("location")), (200, ""), "{page:?}");
        assert!(page.body.contains("<form method=\"post\" action=\"https://shop.example/cb\">"));
        assert_eq!(page.field("state"), "a&#34;b&#60;c");
        assert_eq!(page.field("iss"), "http://localhost:8080");
        assert_eq!(page.body.contains("name=\"code\""), !error, "{page:?}");
        assert_eq!(page.body.contains("name=\"error\""), error, "{page:?}");
    };
    let denied = browser.ask(&asking.clone().with("prompt", "none")).await;
    fields(&denied, true);
    assert_eq!(denied.field("error"), "login_required");
    fields(&browser.ask(&asking.clone().set("response_type", "token")).await, true);
    let page = browser.ask(&asking).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let answer = browser.decide(&page, "allow").await;
    fields(&answer, false);
    given.exchange(&answer.field("code")).await.tokens();
    // No form leads to an application of the device.
    let own = "com.example.shop:/cb";
    given.change_client("shop", &json!({"redirect_uris": [CALLBACK, own]})).await;
    let asking = Asking::of("shop", own, "openid profile").with("response_mode", "form_post");
    assert_eq!(browser.ask(&asking).await.answer_at(own)["error"], "invalid_request");
}

#[tokio::test]
async fn cookies_are_for_this_host_alone_and_come_only_where_they_are_needed() {
    // SES-02
    let options = Options { issuer: "https://as.example", ..Options::default() };
    let Some(secure) = TestServer::start_with(BACKEND, options).await else { return };
    let Some(here) = given().await else { return };
    for (server, prefix, more) in [(&secure, "__Host-", "; Secure"), (&here.server, "", "")] {
        let mut browser = Browser::at(server);
        let page = browser.get("/signin").await;
        let set = |reply: &Reply| -> Vec<String> {
            let all = reply.headers.get_all("set-cookie").iter();
            all.map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        let csrf = browser.cookies[&format!("{prefix}chancery_csrf")].clone();
        let attributes = format!("; Path=/; HttpOnly; SameSite=Lax{more}");
        assert_eq!(set(&page), [format!("{prefix}chancery_csrf={csrf}{attributes}")]);
        assert_eq!(csrf.len(), 43);
        let again = browser.get("/signin").await;
        assert!(set(&again).is_empty(), "{again:?}");
        let csrf = again.field("csrf");
        let (name, password) = (&server.secrets.username, &server.secrets.password);
        let form = [("csrf", csrf.as_str()), ("username", name), ("password", password)];
        let wrong = browser.post("/signin", &[form[0], form[1], ("password", "wrong")]).await;
        assert!(wrong.status == 400 && set(&wrong).is_empty(), "{wrong:?}");
        let signed_in = browser.post("/signin", &form).await;
        let value = browser.cookies[&format!("{prefix}chancery_session")].clone();
        assert_eq!(set(&signed_in), [format!("{prefix}chancery_session={value}{attributes}")]);
        assert_eq!(value.len(), 43);
        assert_eq!(page.header("strict-transport-security").is_empty(), more.is_empty());
    }
    // Under another name, such as one that a neighbour may set, it counts for nothing.
    let mut browser = here.browser();
    here.code(&mut browser, &Given::asking("shop")).await;
    let value = browser.cookies.remove("chancery_session").unwrap();
    browser.cookies.insert("__Host-chancery_session".to_owned(), value);
    let silent = Given::asking("shop").with("prompt", "none");
    assert_denied(&browser.ask(&silent).await, "login_required", Some("st"));
}
