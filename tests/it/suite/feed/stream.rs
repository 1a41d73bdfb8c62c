//! `GET /revocations/stream`: what is told, where a reader goes on, and when he is let go.

use std::future::poll_fn;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::revocation::Kind;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::{Follower, TestServer};

#[tokio::test]
async fn a_stream_begins_with_a_snapshot_and_tells_each_revocation_once_it_is_made() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("before").await;
    let mut follower = Follower::default();
    let mut stream = server.stream("", "").await;
    let first = stream.told().await;
    assert!(first.is_snapshot() && first.refuses(Kind::Token, "before"));
    follower.take(&first);
    follower.take(&stream.told().await);
    for n in 0..3 {
        let jti = format!("after-{n}");
        server.revoke_some(&jti).await;
        let told = stream.told().await;
        assert_eq!((told.document.prev_seq, told.len()), (follower.seq, 1));
        assert!(told.refuses(Kind::Token, &jti));
        follower.take(&told);
    }
    assert_eq!(follower.seq, server.head().await.seq);
}

#[tokio::test]
async fn a_heartbeat_is_a_signed_document_with_the_time_of_the_last_look() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut stream = server.stream("", "").await;
    stream.told().await;
    let before = stream.told().await.document;
    for seconds in [5, 10] {
        server.clock.advance(Duration::from_secs(5));
        server.look().await;
        server.server.memory.feed().beat();
        let told = stream.told().await;
        assert_eq!((told.len(), told.document.prev_seq), (0, told.document.seq));
        assert_eq!(told.document.time, before.time + seconds * 1000);
        assert_eq!(told.document.iat, before.iat + seconds);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_however_often_a_reader_comes_back_while_others_revoke() {
    // C023, C139
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let beside = server.another(2).await;
    let names: Vec<String> = (0..60).map(|n| format!("jti-{n}")).collect();
    let revoking = async {
        for (n, name) in names.iter().enumerate() {
            let node = if n % 2 == 0 { &server } else { &beside };
            node.revoke_some(name).await;
            server.look().await;
        }
    };
    let reading = async {
        let mut follower = Follower::default();
        let mut reads = 0;
        while !names.iter().all(|name| follower.refuses(Kind::Token, name)) {
            let cursor = follower.cursor.clone();
            // Any node will do, and it may be behind the one before.
            let node = if reads % 2 == 0 { &server } else { &beside };
            let mut stream = node.stream(&cursor, "").await;
            follower.take(&stream.told().await);
            reads += 1;
            tokio::task::yield_now().await;
        }
        follower
    };
    let both = Box::pin(async { tokio::join!(revoking, reading) });
    let ((), follower) = timeout(Duration::from_mins(1), both).await.unwrap();
    assert_eq!(follower.epoch, server.head().await.epoch);
}

#[tokio::test]
async fn a_reader_goes_on_where_he_was_without_a_snapshot() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.fill(300).await;
    server.revoke_some("one").await;
    let mut stream = server.stream("", "").await;
    stream.told().await;
    let last = stream.told().await;
    drop(stream);
    server.revoke_some("two").await;
    let mut stream = server.stream(&last.id, "").await;
    let told = stream.told().await;
    assert!((1..=last.document.seq).contains(&told.document.prev_seq));
    assert!(told.refuses(Kind::Token, "two"));
    assert_eq!(told.document.seq, server.head().await.seq);
    // Only what listens is told more: there was one document.
    server.revoke_some("three").await;
    assert!(stream.told().await.refuses(Kind::Token, "three"));
}

#[tokio::test]
async fn a_cursor_that_is_forged_or_aged_begins_with_a_snapshot_and_changes_nothing() {
    // C139
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.fill(300).await;
    let genuine = server.document("").await.document.cursor;
    let head = server.head().await;
    let beyond = genuine.replacen(&format!(".{}.", head.seq), ".9999.", 1);
    let other_epoch = genuine.replacen(&format!("{}.", head.epoch), "9999999999999.", 1);
    let cut = &genuine[..genuine.len() - 2];
    assert!(beyond != genuine && other_epoch != genuine);
    for forged in [&beyond, &other_epoch, cut, "1", "....", "x.y.z.w", &"9".repeat(4000)] {
        let mut stream = server.stream(forged, "").await;
        assert!(stream.told().await.is_snapshot(), "{forged}");
        assert_eq!(server.head().await, head, "{forged}");
    }

    // The entry that the cursor names has left the log, and so nobody can tell.
    server.advance(2 * 3600);
    server.look().await;
    server.revoke_some("two").await;
    server.advance(60);
    server.look().await;
    let mut stream = server.stream(&genuine, "").await;
    assert!(stream.told().await.is_snapshot());
    assert_eq!(server.head().await.epoch, head.epoch);
}

#[tokio::test]
async fn a_node_that_is_behind_a_reader_looks_before_it_answers() {
    // C139
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let beside = server.another(2).await;
    server.revoke_some("one").await;
    let known = server.document("").await.document;
    assert!(beside.document("").await.document.seq < known.seq);
    let mut stream = beside.stream(&known.cursor, "").await;
    let told = stream.told().await;
    assert_eq!(told.document.seq, known.seq);
    assert_eq!(beside.head().await.epoch, known.epoch);
    assert_eq!(server.events(AuditKind::StorageRegressed).await, 0);
}

#[tokio::test]
async fn a_node_that_cannot_look_sends_a_reader_who_is_ahead_elsewhere() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let beside = server.another(2).await;
    server.revoke_some("one").await;
    let known = server.document("").await.document;
    beside.server.store.close().await;
    let reply = beside.try_stream("", &known.cursor, "").await.err().unwrap();
    reply.assert_error(503, "temporarily_unavailable");
}

#[tokio::test]
async fn a_reader_who_is_busy_for_a_moment_is_brought_to_the_present_at_once() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut reader = server.stream("", "").await;
    let mut follower = Follower::default();
    follower.take(&reader.told().await);
    follower.take(&reader.told().await);
    // Few enough to be kept for him, and more than that.
    for count in [3, 300] {
        for n in 0..count {
            server.revoke_some(&format!("{count}-{n}")).await;
        }
        for _ in 0..=count / 256 {
            follower.take(&reader.told().await);
        }
        for n in 0..count {
            assert!(follower.refuses(Kind::Token, &format!("{count}-{n}")), "{n} of {count}");
        }
        assert_eq!(follower.seq, server.head().await.seq);
    }
    server.revoke_some("next").await;
    reader.until_refused(&mut follower, Kind::Token, "next").await;
}

#[tokio::test]
async fn c139_a_reader_who_does_not_keep_up_for_long_is_let_go_and_the_others_go_on() {
    // C139
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut slow = server.stream("", "").await;
    let mut quick = server.stream("", "").await;
    let mut follower = Follower::default();
    follower.take(&quick.told().await);
    follower.take(&quick.told().await);
    slow.told().await;
    slow.told().await;
    for n in 0..300 {
        server.revoke_some(&format!("{n}")).await;
    }
    quick.until_refused(&mut follower, Kind::Token, "299").await;
    server.advance(31);
    assert!(slow.next().await.is_none());
    server.revoke_some("one").await;
    quick.until_refused(&mut follower, Kind::Token, "one").await;
}

#[tokio::test]
async fn streams_end_when_the_server_says_so_behind_what_was_told() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut stream = server.stream("", "").await;
    let mut follower = Follower::default();
    server.revoke_some("one").await;
    server.server.memory.feed().end_streams();
    while let Some(told) = stream.next().await {
        follower.take(&told);
    }
    assert!(follower.refuses(Kind::Token, "one"));
    let reply = server.try_stream("", &follower.cursor, "").await.err().unwrap();
    reply.assert_error(503, "temporarily_unavailable");
    assert_eq!(server.get("/revocations").await.status, 200);
}

#[test]
fn news_are_told_also_where_the_one_who_looked_first_was_interrupted() {
    // What is made on another thread can be held up: there is one.
    let mut one = tokio::runtime::Builder::new_current_thread();
    one.enable_all().max_blocking_threads(1).build().unwrap().block_on(interrupt_looks());
}

async fn interrupt_looks() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (mut stream, mut follower) = (server.stream("", "").await, Follower::default());
    follower.take(&stream.told().await);
    follower.take(&stream.told().await);
    let mut raw = server.raw().await;
    let memory = &server.server.memory;
    // What a look found is known, and its news are still being made.
    let between =
        || memory.last_known().unwrap().head.epoch > memory.feed().state().unwrap().head.epoch;
    for _ in 0..3 {
        raw.run("UPDATE feed_head SET epoch = epoch + 1").await;
        let mut looking = Box::pin(memory.refresh());
        let interrupted = async {
            loop {
                // Whatever is to be made on the other thread has to wait there.
                let (release, held) = mpsc::channel::<()>();
                let holding = spawn_blocking(move || held.recv());
                let looked = poll_fn(|cx| Poll::Ready(looking.as_mut().poll(cx))).await;
                assert!(looked.is_pending());
                let is_between = between();
                drop(release);
                holding.await.unwrap().unwrap_err();
                if is_between {
                    return drop(looking);
                }
                spawn_blocking(|| ()).await.unwrap();
            }
        };
        timeout(Duration::from_mins(1), interrupted).await.unwrap();
        server.look().await;
        let told = stream.told().await;
        assert!(told.is_snapshot());
        follower.take(&told);
        assert_eq!(follower.epoch, server.head().await.epoch);
    }
}
