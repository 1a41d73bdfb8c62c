//! Many requests at once at a server that is a process: its memory stays bounded, who floods is slowed
//! down, and who does not is served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::{Home, Reply, Serving, Wire, exchange_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c064_hundreds_of_logins_at_once_take_the_memory_of_one_hash_and_hold_up_nobody() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_TRUSTED_PROXIES", "127.0.0.1");
    home.set("CHANCERY_PASSWORDS__HASH_PERMITS", "1");
    home.set("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", &HASH_KIB.to_string());
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut tokens = wire.login().await;
    connect_at_once(&wire, LOGINS).await;
    let before = serving.peak_kib();
    let answered = Arc::new(AtomicUsize::new(0));
    let mut logins = JoinSet::new();
    for number in 0..LOGINS {
        let (wire, answered) = (wire.clone(), answered.clone());
        logins.spawn(async move {
            let from = format!("10.0.{}.{}", number / 250, number % 250);
            let reply = guess(&wire, &format!("user-{number}"), &from).await;
            answered.fetch_add(1, Ordering::SeqCst);
            reply
        });
    }
    let mut meanwhile = 0;
    while answered.load(Ordering::SeqCst) < LOGINS {
        tokens = wire.refresh(&tokens.refresh).await.unwrap().tokens();
        let active = wire.introspect(&tokens.access).await.unwrap();
        assert_eq!(active.json()["active"], true, "{active:?}");
        let form = "grant_type=client_credentials";
        assert_eq!(wire.form("/oauth/token", form).await.unwrap().status, 200);
        meanwhile += 1;
    }
    let replies = logins.join_all().await;
    let judged = replies.iter().filter(|reply| reply.status == 400).count();
    let put_off = replies.iter().filter(|reply| is_put_off(reply)).count();
    assert_eq!(judged + put_off, LOGINS);
    assert!(judged > 0 && put_off > LOGINS / 4, "{judged} judged, {put_off} put off");
    assert!(meanwhile > 3, "others were served {meanwhile} times");
    // The memory of the one hash was there before, as was that of as many connections.
    let more = serving.peak_kib() - before;
    assert!(more < HASH_KIB / 2, "{more} KiB more for {LOGINS} logins");
    wire.login().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c065_a_thousand_names_from_one_network_and_one_name_from_many_are_slowed_down() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_TRUSTED_PROXIES", "127.0.0.1");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let (owner, password) = (wire.secrets.username.clone(), wire.secrets.password.clone());
    assert_eq!(login(&wire, (&owner, &password), HIS).await.status, 200);
    let before = hashes(&wire).await;
    let mut judged = 0;
    for number in 0..1000 {
        let from = format!("2001:db8::{number:x}:1");
        judged += is_judged(&guess(&wire, &format!("user-{number}"), &from).await);
    }
    assert!((20..20 + LATER).contains(&judged), "{judged} of a thousand names were tried");
    assert_eq!(hashes(&wire).await, before + judged, "who is slowed down costs no hash");
    // It is that network alone.
    let reply = login(&wire, (&owner, &password), "2001:db8:0:1::1").await;
    assert_eq!(reply.status, 200, "{reply:?}");

    let mut judged = 0;
    for number in 0..100 {
        judged += is_judged(&guess(&wire, &owner, &format!("192.0.2.{number}")).await);
    }
    assert!((5..5 + LATER).contains(&judged), "{judged} passwords of one name were tried");
    // Until the delay lasts for longer than the next request takes, on whatever machine.
    timeout(PATIENCE, async { while delay_of(&guess(&wire, &owner, "192.0.2.100").await) < 4 {} })
        .await
        .unwrap();
    assert!(is_put_off(&login(&wire, (&owner, &password), "198.51.100.1").await));
    let reply = login(&wire, (&owner, &password), HIS).await;
    assert_eq!(reply.status, 200, "the owner is not kept out: {reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c122_a_forwarded_address_counts_only_behind_a_proxy_that_is_named() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    // Each start listens elsewhere.
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    let stranger = home.serve();
    let wire = home.wire(&stranger);
    let mut judged = 0;
    for number in 0..60 {
        judged += is_judged(&guess(&wire, &format!("a-{number}"), &spoofed(number)).await);
    }
    assert!((20..20 + LATER).contains(&judged), "{judged} were tried from one address");
    assert_eq!(addresses(&home, stranger).await, ["127.0.0.1"]);

    home.set("CHANCERY_TRUSTED_PROXIES", "127.0.0.1");
    let behind = home.serve();
    let wire = home.wire(&behind);
    for number in 0..60 {
        let reply = guess(&wire, &format!("b-{number}"), &spoofed(number)).await;
        assert_eq!(reply.status, 400, "each is somebody else: {reply:?}");
    }
    let mut judged = 0;
    for number in 0..60 {
        // What stands before what the proxy has added is as invented as ever.
        let from = format!("{}, 203.0.113.7", spoofed(number));
        judged += is_judged(&guess(&wire, &format!("c-{number}"), &from).await);
    }
    assert!((20..20 + LATER).contains(&judged), "{judged} were tried from one address");
    let addresses = addresses(&home, behind).await;
    assert!(addresses.contains(&"203.0.113.7".to_owned()), "{addresses:?}");
    assert!(addresses.contains(&spoofed(3)), "{addresses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c102_bodies_without_end_are_cut_off_and_take_no_memory() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    wire.login().await;
    let before = serving.peak_kib();
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let framing = ["Transfer-Encoding: chunked", "Content-Length: 10485760"][number % 2];
        senders.spawn(endless(wire.clone(), framing));
    }
    for answer in senders.join_all().await {
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    // Room for what each may send and as much again, and half of that, where all of it would be 640 MiB.
    let more = serving.peak_kib() - before;
    assert!(more <= SENDERS as u64 * 160, "{more} KiB more");
    wire.login().await;
}

/// Lets a server have so many logins at once that take no hash, since nobody can have their password.
async fn connect_at_once(wire: &Wire, count: usize) {
    let body = login_body(wire, ("nobody", &"long".repeat(1024)));
    let length = body.len();
    let (body, last) = body.split_at(length - 1);
    let most = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(wire.address).await.unwrap();
        stream.write_all(most.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    for stream in &mut streams {
        stream.write_all(last.as_bytes()).await.unwrap();
    }
    for mut stream in streams {
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}

/// Sends 10 MiB for as long as somebody reads, and answers what the server said until it hung up.
async fn endless(wire: Wire, framing: &'static str) -> String {
    let stream = TcpStream::connect(wire.address).await.unwrap();
    let (mut answers, mut requests) = stream.into_split();
    let head = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{framing}\r\n\r\n"
    );
    let sending = async move {
        let chunk = if framing.ends_with("chunked") {
            format!("1000\r\n{}\r\n", "a".repeat(4096))
        } else {
            "a".repeat(4096)
        };
        requests.write_all(head.as_bytes()).await?;
        for _ in 0..2560 {
            requests.write_all(chunk.as_bytes()).await?;
        }
        // It would never end: whoever reads to here without an answer waits for more.
        std::future::pending::<std::io::Result<()>>().await
    };
    let sending = tokio::spawn(sending);
    let answer = read_all(&mut answers).await;
    sending.abort();
    answer
}

/// What a server says until it hangs up, which is within a minute.
async fn read_all(answers: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = vec![];
    // The connection may be reset behind the answer, where not all was read.
    let _ = timeout(PATIENCE, answers.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Tries a wrong password, as somebody of whom the header says where he is.
async fn guess(wire: &Wire, name: &str, from: &str) -> Reply {
    login(wire, (name, "a wrong password, to be sure"), from).await
}

async fn login(wire: &Wire, account: (&str, &str), from: &str) -> Reply {
    let body = login_body(wire, account);
    let headers =
        [("Host", "localhost"), ("X-Forwarded-For", from), ("Content-Type", "application/json")];
    exchange_with(wire.address, (&Method::POST, "/login"), &headers, &body).await.unwrap()
}

fn login_body(wire: &Wire, (name, password): (&str, &str)) -> String {
    let body = json!({
        "username": name, "password": password,
        "client_id": wire.secrets.client_id, "client_secret": wire.secrets.client_secret,
    });
    body.to_string()
}

/// 1 if the password was looked at, 0 if the attempt was put off.
fn is_judged(reply: &Reply) -> usize {
    assert!(reply.status == 400 || is_put_off(reply), "{reply:?}");
    usize::from(reply.status == 400)
}

/// Whether the attempt was not made, and may be made within a minute.
fn is_put_off(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 429 | 503) && (1..=60).contains(&delay_of(reply))
}

/// For how many seconds the attempt is put off.
fn delay_of(reply: &Reply) -> u64 {
    reply.header("retry-after").parse().unwrap_or(0)
}

/// Another address for each number.
fn spoofed(number: usize) -> String {
    format!("198.18.0.{number}")
}

/// The addresses that failures were written down with.
async fn addresses(home: &Home, serving: Serving) -> Vec<String> {
    let wire = home.wire(&serving);
    serving.terminate();
    serving.ended().await;
    let again = home.serve_again();
    let admin = wire.admin_token().await;
    let path = "/audit?limit=200&kind=login_failed";
    let events = wire.admin(&admin, Method::GET, path, &Value::Null).await.json();
    drop(again);
    let events = events["items"].as_array().unwrap();
    let mut found: Vec<_> =
        events.iter().map(|event| event["address"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found.dedup();
    found
}

/// How many hashes were computed.
async fn hashes(wire: &Wire) -> usize {
    let metrics = wire.get("/metrics").await.unwrap().body;
    let count = metrics.lines().find_map(|line| line.strip_prefix("chancery_hashes_total "));
    count.unwrap().parse().unwrap()
}

/// The memory of a hash of the default cost.
const HASH_KIB: u64 = 19_456;
const LOGINS: usize = 400;
/// How many send without end.
const SENDERS: usize = 64;
/// More than any answer takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// More than attempts that the delays, which double from a second, let in while a test runs.
const LATER: usize = 10;
/// Where the owner of the account is at home.
const HIS: &str = "203.0.113.1";
