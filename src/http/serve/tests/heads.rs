//! Heads and framing that two parsers may read differently (C102, C123). The comments say which
//! answers are hyper's own; those have an empty body.

use super::*;

/// Status codes of all answers to `request` until the server closes, which it must do.
async fn judged(request: &str) -> Vec<String> {
    let server = Server::start(app(), ample()).await;
    let answers = server.talk(request).await;
    statuses(&answers).into_iter().map(str::to_owned).collect()
}

fn smuggled(head: &str, body: &str) -> String {
    format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    )
}

#[tokio::test]
async fn keep_alive_serves_one_request_after_another() {
    let server = Server::start(app(), ample()).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").await;
        assert!(client.answer().await.ends_with("\r\n\r\nabc"));
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(client.answer().await.ends_with("\r\n\r\nhello"));
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(app(), ample()).await;
    let answers = server
        .talk(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\n\
             GET / HTTP/1.1\r\nHost: a\r\n\r\n\
             GET /missing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
        .await;
    assert_eq!(statuses(&answers), ["200", "200", "404"]);
}

/// hyper: 431, both for the size and for the number of fields (100).
#[tokio::test]
async fn an_oversized_head_gets_431_and_a_head_at_the_limit_passes() {
    let limit = 10_000;
    let limits = Limits { header_bytes: limit, ..ample() };
    let server = Server::start(app(), limits).await;
    let padded = |length| {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ";
        let pad = "a".repeat(length - head.len() - 4);
        format!("{head}{pad}\r\n\r\n")
    };
    assert_eq!(statuses(&server.talk(padded(limit)).await), ["200"]);
    assert_eq!(statuses(&server.talk(padded(limit + 1)).await), ["431"]);
    let many = "X: y\r\n".repeat(100);
    let answers = server.talk(format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")).await;
    assert_eq!(statuses(&answers), ["431"]);
}

/// A reset would fail the peer's writes before it has read the answer.
#[tokio::test]
async fn a_peer_may_go_on_sending_for_a_while_after_an_early_answer() {
    let server = Server::start(app(), ample()).await;
    let part = "x".repeat(100_000);
    for start in [
        "POST /missing HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: ",
    ] {
        let mut client = server.connect().await;
        client.send(format!("{start}{part}")).await;
        let answer = client.rest().await;
        for _ in 0..4 {
            client.send(&part).await;
        }
        assert!(matches!(statuses(&answer)[..], ["404" | "431"]), "{answer}");
    }
}

/// hyper drops the Content-Length, reads chunks and closes, as RFC 9112 §6.1 has it. What a proxy
/// took for the rest of the body, or for a second request, is never served.
#[tokio::test]
async fn c123_content_length_beside_chunked_ends_the_connection_after_one_answer() {
    for head in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        assert_eq!(judged(&smuggled(head, "0\r\n\r\n")).await, ["200"], "{head}");
    }
}

/// Ours: hyper alone would go on.
#[tokio::test]
async fn nothing_is_served_after_a_chunked_body() {
    let request = smuggled("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n");
    let server = Server::start(app(), ample()).await;
    let answers = server.talk(request).await;
    assert_eq!(statuses(&answers), ["200"]);
    assert!(answers.contains("\r\nconnection: close\r\n"), "{answers}");
    assert!(answers.ends_with("\r\n\r\nabc"), "{answers}");
}

/// hyper: 400 where `chunked` is not the last coding, and in HTTP/1.0. Ours: 501 for the rest.
#[tokio::test]
async fn other_transfer_codings_are_refused() {
    for (codings, status) in [
        ("xchunked", "400"),
        ("chunked, identity", "400"),
        ("\"chunked\"", "400"),
        ("gzip, chunked", "501"),
        ("chunked, chunked", "501"),
        ("identity\r\nTransfer-Encoding: chunked", "501"),
    ] {
        let head = format!("Transfer-Encoding: {codings}");
        assert_eq!(judged(&smuggled(&head, "0\r\n\r\n")).await, [status], "{codings}");
    }
    let old = "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(judged(old).await, ["400"]);
}

/// hyper: one length said twice is one length (RFC 9110 §8.6); all else that is odd is 400.
#[tokio::test]
async fn only_one_plain_content_length_is_accepted() {
    for lengths in
        ["3\r\nContent-Length: 4", "3, 3", "+3", "-3", "0x3", "3 3", "", "99999999999999999999"]
    {
        let head = format!("Content-Length: {lengths}");
        assert_eq!(judged(&smuggled(&head, "abc")).await, ["400"], "{lengths}");
    }
    let server = Server::start(app(), ample()).await;
    let mut client = server.connect().await;
    client.send(smuggled("Content-Length: 3\r\nContent-Length: 3", "abc")).await;
    assert!(client.answer().await.ends_with("\r\n\r\nabc"));
    assert!(client.answer().await.ends_with("\r\n\r\nhello"));
}

/// Ours: hyper takes a bare LF for a line end.
#[tokio::test]
async fn a_bare_lf_in_a_head_gets_400() {
    for head in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(judged(head).await, ["400"], "{head:?}");
    }
}

#[tokio::test]
async fn a_bare_lf_is_found_in_split_and_in_pipelined_heads() {
    let server = Server::start(app(), ample()).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHo").await;
    client.quiet(SHORT / 4).await;
    client.send("st: a\n\n").await;
    assert_eq!(statuses(&client.rest().await), ["400"]);

    let first = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let pipelined = format!("{first}GET / HTTP/1.1\nHost: a\r\n\r\n");
    assert_eq!(statuses(&server.talk(pipelined).await), ["200", "400"]);
}

/// hyper: 400.
#[tokio::test]
async fn malformed_heads_get_400() {
    for lines in [
        "X: a\r\n folded",
        " X: a",
        "X : a",
        "Content-Length : 3",
        "Transfer-Encoding\u{b}: chunked",
        "X: a\rb",
        "X: a\0b",
        "X",
        ": a",
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
        assert_eq!(judged(&request).await, ["400"], "{lines:?}");
    }
    for line in
        ["GET / HTTP/1.2", "GET  / HTTP/1.1", "GET /", "GE(T / HTTP/1.1", "GET /\u{1} HTTP/1.1"]
    {
        let request = format!("{line}\r\nHost: a\r\n\r\n");
        assert_eq!(judged(&request).await, ["400"], "{line:?}");
    }
}

/// Ours: hyper does not look at Host.
#[tokio::test]
async fn a_missing_repeated_or_invalid_host_gets_400() {
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a/b\r\n"] {
        let request = format!("GET / HTTP/1.1\r\n{hosts}\r\n");
        assert_eq!(judged(&request).await, ["400"], "{hosts:?}");
    }
    assert_eq!(judged("GET / HTTP/1.0\r\n\r\n").await, ["200"]);
}

/// hyper refuses the HTTP/2 preface, and ignores an upgrade that no handler takes.
#[tokio::test]
async fn http_2_is_not_spoken() {
    assert_eq!(judged("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, ["400"]);
    let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
                   Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n";
    assert_eq!(judged(upgrade).await, ["200"]);
    let connect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: close\r\n\r\n";
    assert_eq!(judged(connect).await, ["404"]);
}

/// hyper: the reader of the body sees an error, and the connection is closed.
#[tokio::test]
async fn a_malformed_chunk_ends_the_connection() {
    for chunks in [
        "3\nabc\r\n0\r\n\r\n",
        "3;x\ny\r\nabc\r\n0\r\n\r\n",
        "x\r\n",
        "-3\r\nabc\r\n",
        "3\r\nabcd\r\n",
    ] {
        let request = smuggled("Transfer-Encoding: chunked", chunks);
        assert_eq!(judged(&request).await, ["400"], "{chunks:?}");
    }
}

#[tokio::test]
async fn a_client_that_expects_100_is_told_to_continue() {
    let server = Server::start(app(), ample()).await;
    let mut client = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue";
    client.send(format!("{head}\r\nConnection: close\r\n\r\n")).await;
    assert!(client.more().await > 0);
    client.send("abc").await;
    assert_eq!(statuses(&client.rest().await), ["100", "200"]);
}
