//! How often a node looks at the database.

use std::future::poll_fn;
use std::task::Poll;

use metrics::set_default_local_recorder;

use super::BACKEND;
use crate::support::{Statements, TestServer};

#[tokio::test]
async fn those_who_wait_for_one_look_share_the_next() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let memory = &server.server.memory;
    let obey = async || memory.obey().await.unwrap();
    obey().await;
    let one = statements.count();
    assert!(one > 0);

    // A look that has begun may be too early for what they have stored.
    let mut begun = Box::pin(memory.refresh());
    while poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx).is_ready())).await {
        begun = Box::pin(memory.refresh());
    }
    let before = statements.count();
    tokio::join!(obey(), obey(), obey(), obey(), obey(), async { begun.await.map(drop).unwrap() });
    let asked = statements.count() - before;
    assert!((one..=2 * one).contains(&asked), "{asked}, of {one} each");
}

#[tokio::test]
async fn those_who_wait_for_one_look_share_its_failure() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let memory = &server.server.memory;
    memory.obey().await.unwrap();
    let mut raw = server.raw().await;
    raw.run("ALTER TABLE feed_head RENAME TO away").await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    assert!(memory.obey().await.is_err());
    let one = statements.count();
    assert!(one > 0);
    // One is under way, and so far that it holds up the others.
    let mut begun = Box::pin(memory.refresh());
    while poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx).is_ready())).await {
        begun = Box::pin(memory.refresh());
    }
    let before = statements.count();
    let obey = async || memory.obey().await.is_err();
    let failed = tokio::join!(obey(), obey(), obey(), async { begun.await.is_err() });
    assert_eq!(failed, (true, true, true, true));
    let asked = statements.count() - before;
    assert!(asked <= one, "{asked}, of {one} each");
    raw.run("ALTER TABLE away RENAME TO feed_head").await;
    memory.obey().await.unwrap();
}
