//! What other sites try: frames, and redirect URIs that are not the client's (C031, C047).

use super::stage::Stage;
use crate::support::Asking;

#[tokio::test]
async fn c047_no_page_is_shown_in_the_frame_of_another_site() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    let asked = stage.at(&format!("/oauth/authorize?{}", stage.asking().query()));
    for url in [stage.at("/signin"), asked, stage.at("/account")] {
        let page = format!(
            "<!doctype html><title>trap</title><iframe src=\"{}\"></iframe>",
            url.replace('&', "&amp;")
        );
        stage.site.serves("/trap", "text/html", page);
        browser.open(&stage.site.at("/trap")).await;
        browser.arrives("trap").await;
        let refused = |log: Vec<String>| log.iter().any(|line| line.contains("frame-ancestors"));
        browser.until("refusal", async || refused(browser.log().await)).await;
        browser.client.enter_frame(0).await.unwrap();
        assert!(!browser.client.source().await.unwrap().contains("<form"), "{url}");
        browser.client.enter_parent_frame().await.unwrap();
    }
}

#[tokio::test]
async fn c031_a_redirect_uri_of_somebody_else_ends_at_the_server() {
    let Some(stage) = Stage::start().await else { return };
    let (right, origin) = (stage.site.at("/callback"), &stage.site.origin);
    let host = origin.trim_start_matches("http://");
    let wrong = [
        format!("{right}/"),
        format!("{right}/../evil"),
        format!("{right}?x=1"),
        format!("{right}#x"),
        format!("{right}%2f..%2fevil"),
        format!("{right};x"),
        format!("{origin}/CALLBACK"),
        format!("{origin}//callback"),
        format!("{origin}/\\evil"),
        format!("http://127.0.0.2:{}/callback", host.rsplit(':').next().unwrap()),
        format!("http://localhost:{}/callback", host.rsplit(':').next().unwrap()),
        format!("http://user@{host}/callback"),
        format!("http://{host}@evil.example/callback"),
        format!("//{host}/callback"),
        format!("https://{host}/callback"),
        "javascript:alert(1)".to_owned(),
        "data:text/html,evil".to_owned(),
        String::new(),
    ];
    for uri in wrong {
        stage.ask(&stage.asking().set("redirect_uri", &uri)).await;
        assert_stays(&stage, &uri).await;
    }
    let twice = Asking::of("app", &right, "openid").with("redirect_uri", "http://127.0.0.1:1/evil");
    stage.ask(&twice).await;
    assert_stays(&stage, "two of them").await;
    assert!(stage.site.got("/callback").is_empty());
}

/// Asserts that the browser shows an error, and is still here.
async fn assert_stays(stage: &Stage, uri: &str) {
    let url = stage.browser.url().await;
    assert_eq!(url.origin().ascii_serialization(), stage.wire.issuer(), "{uri}");
    assert_eq!(url.path(), "/oauth/authorize", "{uri}");
    assert!(
        stage.browser.client.title().await.unwrap().starts_with("This does not work")
            || !stage.browser.text("h1").await.is_empty(),
        "{uri}"
    );
    assert!(!stage.browser.client.source().await.unwrap().contains("<form"), "{uri}");
}
