//! The metrics, as what happens moves them.

use http::Method;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Home, Options, TestServer};
use chancery::flows::feed::StreamLimits;

#[tokio::test]
async fn every_kind_of_revocation_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let counted = |kind: &str| {
        let line = format!("chancery_revocations_total{{kind=\"{kind}\"}} ");
        let text = recorder.handle().render();
        let count = text.lines().find_map(|it| it.strip_prefix(&line).map(str::to_owned));
        count.map_or(0, |count| count.parse::<u64>().unwrap())
    };
    let alice = server.create_user("alice", &[]).await;
    let tokens = server.login_as("alice").await.tokens();
    assert_eq!(counted("sid") + counted("sub"), 0);

    let roles = json!({"roles": ["clerk"]});
    server.admin(Method::PUT, &format!("/users/{alice}/roles"), &roles).await;
    assert_eq!((counted("sub"), counted("sid")), (1, 0));

    server.refresh(&tokens.refresh).await.tokens();
    server.advance(3600);
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert_eq!(counted("sid"), 1, "reuse");

    server.login_as("alice").await.tokens();
    server.login_as("alice").await.tokens();
    let disable = json!({"status": "disabled"});
    server.admin(Method::PATCH, &format!("/users/{alice}"), &disable).await;
    assert_eq!(counted("sid"), 3, "a disabled user");

    let demo = server.client_key("demo").await;
    server.admin(Method::DELETE, &format!("/clients/{demo}"), &Value::Null).await;
    assert_eq!(counted("client"), 2, "a deleted client is disabled first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rare_is_there_at_zero_before_it_happens() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let reused = r#"chancery_refresh_total{outcome="reuse"}"#;
    let text = wire.get("/metrics").await.unwrap().body;
    for counter in [
        "chancery_storage_regressed_total",
        "chancery_hash_refused_total",
        "chancery_janitor_failures_total",
        "chancery_feed_reports_refused_total",
        r#"chancery_feed_refused_total{kind="anonymous"}"#,
        r#"chancery_feed_dropped_total{reason="slow"}"#,
        r#"chancery_backchannel_logout_total{outcome="given_up"}"#,
        r#"chancery_login_total{outcome="wrong_credentials"}"#,
        r#"chancery_revocations_total{kind="all"}"#,
        reused,
    ] {
        assert!(text.lines().any(|it| it == format!("{counter} 0")), "{counter}: {text}");
    }
    assert!(!text.contains("chancery_gate_"), "{text}");
    // By this name it is counted, and by no other.
    let first = wire.login().await;
    let second = wire.refresh(&first.refresh).await.unwrap().tokens();
    wire.refresh(&second.refresh).await.unwrap().tokens();
    wire.refresh(&first.refresh).await.unwrap().assert_invalid_grant();
    let text = wire.get("/metrics").await.unwrap().body;
    assert!(text.lines().any(|it| it == format!("{reused} 1")), "{text}");
}

#[tokio::test]
async fn methods_that_no_path_takes_are_one_label() {
    // C102, C140
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (number, path) in ["/nowhere", "/login", "/nowhere", "/login"].into_iter().enumerate() {
        let method = format!("INVENTED{number}");
        let request = http::Request::builder().method(method.as_str()).uri(path);
        let reply = server.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert!(reply.status.is_client_error(), "{reply:?}");
    }
    let text = recorder.handle().render();
    assert!(!text.contains("INVENTED"), "{text}");
    let line = r#"chancery_http_requests_total{route="/login",method="other",status="405"} 2"#;
    assert!(text.lines().any(|it| it == line), "{text}");
}

#[tokio::test]
async fn every_token_request_is_counted_whatever_becomes_of_it() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (basic, wrong) = (server.basic(), crate::support::basic("demo", "wrong"));
    let refresh = "grant_type=refresh_token&refresh_token=x";
    for (authorization, form, grant, outcome) in [
        (&basic, "grant_type=client_credentials", "client_credentials", "ok"),
        (&wrong, "grant_type=client_credentials", "client_credentials", "wrong_client_secret"),
        (&basic, refresh, "refresh_token", "not_our_token"),
        (&basic, "grant_type=password", "none", "grant_unknown"),
        (&basic, "", "none", "malformed"),
        (&basic, "a=1&a=2", "none", "malformed"),
    ] {
        server.form("/oauth/token", authorization, form).await;
        let line =
            format!("chancery_token_requests_total{{grant=\"{grant}\",outcome=\"{outcome}\"}} ");
        let text = recorder.handle().render();
        assert!(text.lines().any(|it| it.starts_with(&line)), "{form}: {text}");
    }
}

#[tokio::test]
async fn what_a_node_is_like_is_measured_when_somebody_asks() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.advance(7);
    assert_eq!(server.get("/metrics").await.status, 200);
    let text = recorder.handle().render();
    let measured = |line: &str| text.lines().any(|it| it == line);
    assert!(measured("chancery_memory_age_seconds 7"), "{text}");
    assert!(measured("chancery_revocations_known 0"), "{text}");
    // The keys are as old as the template: an hour, and what has passed since.
    let key = r#"chancery_key_age_seconds{algorithm="ES256",use="access_token"} 3607"#;
    assert!(measured(key), "{text}");
    let key = r#"chancery_key_age_seconds{algorithm="HS256",use="refresh_token"} 3607"#;
    assert!(measured(key), "{text}");
}

#[tokio::test]
async fn streams_and_documents_of_the_feed_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let streams = StreamLimits { reserved: 1, anonymous: 1 };
    let options = Options { streams, ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    let measured = |line: &str| {
        let text = recorder.handle().render();
        assert!(text.lines().any(|it| it == line), "{line}: {text}");
    };
    let mut stream = server.stream("", "").await;
    measured(r#"chancery_feed_streams{kind="anonymous"} 1"#);
    assert!(server.try_stream("", "", "").await.is_err());
    measured(r#"chancery_feed_refused_total{kind="anonymous"} 1"#);
    stream.told().await;
    stream.told().await;
    for _ in 0..300 {
        server.server.memory.feed().beat();
    }
    measured(r#"chancery_feed_documents_total{kind="heartbeat"} 300"#);
    server.advance(31);
    assert!(stream.next().await.is_none());
    measured(r#"chancery_feed_dropped_total{reason="slow"} 1"#);
    drop(stream);
    measured(r#"chancery_feed_streams{kind="anonymous"} 0"#);
}
