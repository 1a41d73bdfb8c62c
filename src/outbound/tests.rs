//! Requests against peers on this machine.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig, crypto};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::connect::Connector;
use super::reach::Reach;
use super::{Outbound, OutboundError};

const PATIENCE: Duration = Duration::from_secs(5);

fn outbound(allowed: &[&str], patience: Duration) -> Outbound {
    Outbound::new(allowed.iter().map(|network| network.parse().unwrap()).collect(), patience)
}

/// A peer on 127.0.0.1 that gives `answer` to one request and tells what it was, if there was one.
async fn peer(answer: Vec<u8>) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"a=b") {
            let Ok(byte) = stream.read_u8().await else { break };
            request.push(byte);
        }
        // It may have left.
        let _ = stream.write_all(&answer).await;
        let _ = stream.read(&mut [0]).await;
        String::from_utf8_lossy(&request).into_owned()
    });
    (port, task)
}

async fn posted(outbound: &Outbound, url: &str) -> Result<StatusCode, OutboundError> {
    outbound.post_form(url, "a=b".to_owned()).await
}

#[tokio::test]
async fn a_form_is_posted_as_the_url_says() {
    let (port, peer) = peer(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    let url = format!("http://127.0.0.1:{port}/a%20b/logout?tenant=1");
    let answer = posted(&outbound(&["127.0.0.0/8"], PATIENCE), &url).await;
    assert_eq!(answer.unwrap(), StatusCode::NO_CONTENT);
    let request = peer.await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("post /a%20b/logout?tenant=1 http/1.1\r\n"), "{request}");
    for header in [
        format!("\r\nhost: 127.0.0.1:{port}\r\n"),
        "\r\ncontent-type: application/x-www-form-urlencoded\r\n".to_owned(),
        "\r\ncontent-length: 3\r\n".to_owned(),
    ] {
        assert!(request.contains(&header), "{request}");
    }
}

#[tokio::test]
async fn c117_a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = elsewhere.local_addr().unwrap();
    let answer =
        format!("HTTP/1.1 307 Moved\r\nLocation: http://{to}/\r\nContent-Length: 0\r\n\r\n");
    let (port, _peer) = peer(answer.into_bytes()).await;
    let outbound = outbound(&["127.0.0.0/8"], PATIENCE);
    let answer = posted(&outbound, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.unwrap(), StatusCode::TEMPORARY_REDIRECT);
    let next = tokio::time::timeout(Duration::ZERO, elsewhere.accept()).await;
    assert!(next.is_err(), "nobody came");
}

#[tokio::test]
async fn c119_nothing_is_sent_to_an_address_of_this_network_however_it_is_written() {
    let (port, peer) = peer(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let outbound = outbound(&["10.0.0.0/8"], PATIENCE);
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "0",
        "169.254.169.254",
    ] {
        for scheme in ["http", "https"] {
            let answer = posted(&outbound, &format!("{scheme}://{host}:{port}/")).await;
            assert!(matches!(answer, Err(OutboundError::Internal)), "{host}: {answer:?}");
        }
    }
    assert!(!peer.is_finished());
    peer.abort();
}

#[tokio::test]
async fn c117_a_peer_that_answers_too_slowly_is_given_up() {
    let (port, _peer) = peer(b"HTTP/1.1 200".to_vec()).await;
    let outbound = outbound(&["127.0.0.0/8"], Duration::from_millis(100));
    let answer = posted(&outbound, &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(answer, Err(OutboundError::Late)), "{answer:?}");
}

#[tokio::test]
async fn c117_a_head_without_end_is_given_up_and_a_long_body_is_not_read() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
    let (port, _peer) = peer(endless.into_bytes()).await;
    let outbound = outbound(&["127.0.0.0/8"], PATIENCE);
    let answer = posted(&outbound, &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(answer, Err(OutboundError::Broken(_))), "{answer:?}");

    let long =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {0}\r\n\r\n{1}", 1 << 30, "x".repeat(1 << 20));
    let (port, _peer) = self::peer(long.into_bytes()).await;
    let answer = posted(&outbound, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn whoever_is_not_there_or_speaks_no_tls_gets_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outbound = outbound(&["127.0.0.0/8"], PATIENCE);
    let answer = posted(&outbound, &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(answer, Err(OutboundError::Unreachable(_))), "{answer:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await
    };
    let url = format!("https://127.0.0.1:{port}/");
    let (answer, _) = tokio::join!(posted(&outbound, &url), plain);
    assert!(matches!(answer, Err(OutboundError::Unreachable(_))), "{answer:?}");
    let answer = posted(&outbound, "data:text/plain,x").await;
    assert!(matches!(answer, Err(OutboundError::NotCallable)), "{answer:?}");
}

#[tokio::test]
async fn a_certificate_counts_if_this_machine_trusts_it_for_that_host() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor();
    let peer = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not trust it leaves.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await;
            }
        }
    });
    let mut trusting = RootCertStore::empty();
    trusting.add(certificate()).unwrap();
    for (roots, host, good) in [
        (trusting.clone(), "127.0.0.1", true),
        (trusting, "localhost", false),
        (RootCertStore::empty(), "127.0.0.1", false),
    ] {
        let reach = Reach::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let outbound =
            Outbound { connector: Connector::trusting(reach, roots), patience: PATIENCE };
        let answer = posted(&outbound, &format!("https://{host}:{port}/")).await;
        if good {
            assert_eq!(answer.unwrap(), StatusCode::OK);
        } else {
            assert!(matches!(answer, Err(OutboundError::Unreachable(_))), "{host}: {answer:?}");
        }
    }
    peer.abort();
}

fn acceptor() -> TlsAcceptor {
    let key = PrivatePkcs8KeyDer::from(BASE64_STANDARD.decode(KEY).unwrap());
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key.into())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn certificate() -> CertificateDer<'static> {
    BASE64_STANDARD.decode(CERTIFICATE).unwrap().into()
}

/// A certificate for 127.0.0.1, signed by itself, and its key.
const CERTIFICATE: &str = "MIIBgzCCASmgAwIBAgIUdF6f0nPL5WRHVTBxDNkAp9e7+ZowCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcGVlcjAg\
     Fw0yNjExMjIxNDEwMDBaGA8yMTI2MTAyOTE0MTAwMFowDzENMAsGA1UEAwwEcGVlcjBZMBMGByqGSM49AgEGCCqG\
     SM49AwEHA0IABBOFnJvyuIWR3vBFyQv3e2uv8On9Xqqta/Naea3D/es7E7abpjHIXq9461oDJOha9yCE0zkNfINg\
     Bzf/IA8eHOWjYTBfMB0GA1UdDgQWBBSTa8+Jh7gerj8GNwv2Sm8VE81LejAfBgNVHSMEGDAWgBSTa8+Jh7gerj8G\
     Nwv2Sm8VE81LejAPBgNVHREECDAGhwR/AAABMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSAAwRQIhAPRGmAJv\
     Giic+cimZHPokcA/ld765jVr2Q6hFfU580aOAiBHUefp2m7OK2pwRVh5bvBwrbUpv3mWIYS0saRKO5N8Sg==";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1sy3cMduJ6pT3qcrnKIn87fIE5Tft5j53nJPL086\
     WWWhRANCAAQThZyb8riFkd7wRckL93trr/Dp/V6qrWvzWnmtw/3rOxO2m6YxyF6veOtaAyToWvcghNM5DXyDYAc3\
     /yAPHhzl";
