//! Where the server listens, by which name it is called, and whether the one reaches the other.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::report::Report;
use crate::config::Config;

/// What can be told from the configuration alone. What cannot work was refused when it was loaded.
pub(super) fn check_addresses(config: &Config, report: &mut Report) {
    let issuer = &config.issuer;
    let port = Url::parse(issuer.as_str()).ok().and_then(|url| url.port_or_known_default());
    let listens = config.listen.iter().any(|address| Some(address.port()) == port);
    if issuer.is_loopback() && !issuer.is_https() && !listens {
        report.warn(
            "issuer",
            format!(
                "{issuer} names a port that is not among `listen`: clients compare the issuer to \
                 the character, and must reach it"
            ),
        );
    } else if issuer.is_https() && config.trusted_proxies.is_empty() {
        report.warn(
            "issuer",
            format!(
                "{issuer} is served by a proxy that is not in trusted_proxies: every caller seems \
                 to come from the proxy's address, so that one attacker slows down all logins"
            ),
        );
    } else {
        report.ok("issuer", issuer.to_string());
    }
}

/// Fetches the metadata, if a server runs.
pub(super) async fn probe(config: &Config, report: &mut Report) {
    let issuer = config.issuer.as_str();
    let path = format!("{WELL_KNOWN}{}", config.issuer.path());
    let target = if config.issuer.is_https() {
        config.listen.first().map(|address| (address.ip().to_string(), address.port()))
    } else {
        authority(issuer)
    };
    let Some((host, port)) = target else {
        return report.warn("metadata", "it was not asked for: the issuer has no host");
    };
    let from = format!("http://{}{path}", shown(&host, port));
    let beyond = if config.issuer.is_https() {
        ". The way through the proxy was not checked: this command does no TLS"
    } else {
        ""
    };
    match tokio::time::timeout(PATIENCE, fetch(&host, port, &path)).await {
        Err(_) => report.fail("metadata", format!("{from} does not answer in time")),
        Ok(Err(error)) => {
            report.warn("metadata", format!("no server answers at {from} ({error}){beyond}"));
        }
        Ok(Ok(answer)) => match issuer_of(&answer) {
            Some(named) if named == issuer => {
                report.ok("metadata", format!("{from} names the issuer{beyond}"));
            }
            Some(named) => report.fail(
                "metadata",
                format!("{from} names another issuer, {named}: clients will refuse its tokens"),
            ),
            None => report.fail("metadata", format!("{from} is not the metadata of a server")),
        },
    }
}

fn authority(issuer: &str) -> Option<(String, u16)> {
    let url = Url::parse(issuer).ok()?;
    // An IPv6 address stands in brackets in a URL, and without them in a socket address.
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    Some((host, url.port_or_known_default()?))
}

fn shown(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A request as small as HTTP allows (RFC 9112 §3), and everything that is answered.
async fn fetch(host: &str, port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((host, port)).await?;
    let authority = shown(host, port);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The issuer that an answer names, if it is a success with the metadata in its body.
fn issuer_of(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (_, status) = head.lines().next()?.split_once(' ')?;
    let document: serde_json::Value = serde_json::from_str(body).ok()?;
    status.starts_with("200").then_some(())?;
    document["issuer"].as_str().map(str::to_owned)
}

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_ANSWER: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_taken_from_a_success_alone() {
        let body = r#"{"issuer":"http://localhost:8080"}"#;
        let answer = |status| format!("HTTP/1.1 {status}\r\nA: b\r\n\r\n{body}");
        assert_eq!(issuer_of(&answer("200 OK")).as_deref(), Some("http://localhost:8080"));
        assert_eq!(issuer_of(&answer("404 Not Found")), None);
        assert_eq!(issuer_of("HTTP/1.1 200 OK\r\n\r\n<html>"), None);
        assert_eq!(issuer_of("SSH-2.0-OpenSSH"), None);
    }

    #[test]
    fn addresses_are_written_as_urls_and_sockets_want_them() {
        assert_eq!(authority("http://[::1]:8080"), Some(("::1".to_owned(), 8080)));
        assert_eq!(authority("http://localhost/as"), Some(("localhost".to_owned(), 80)));
        assert_eq!(shown("::1", 8080), "[::1]:8080");
        assert_eq!(shown("localhost", 80), "localhost:80");
    }
}
