//! The scenarios that broke earlier designs of rotation, each by name.

use super::BACKEND;
use crate::support::TestServer;

#[tokio::test]
async fn c095_fifty_parallel_refreshes_of_one_token_give_one_and_the_same_new_token() {
    // C095
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let server = std::sync::Arc::new(server);
    let token = server.login().await.refresh;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (server, token) = (server.clone(), token.clone());
        tasks.spawn(async move { server.refresh(&token).await.tokens().refresh });
    }
    let mut children = tasks.join_all().await;
    assert_eq!(children.len(), 50);
    children.dedup();
    assert_eq!(children.len(), 1);
    server.refresh(&children[0]).await.tokens();
}

#[tokio::test]
async fn two_tabs_a_second_apart_live_for_a_thousand_generations() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut shared = server.login().await.refresh;
    for generation in 0..1_000 {
        // Both tabs read the shared store before either has written to it; every seventh answer of
        // the first is lost.
        let read = shared.clone();
        let one = server.refresh(&read).await.tokens().refresh;
        server.advance(1);
        let two = server.refresh(&read).await.tokens().refresh;
        assert_eq!(one, two, "generation {generation}");
        shared = if generation % 7 == 0 { two } else { one };
        server.advance(240);
    }
}

#[tokio::test]
async fn a_stalled_duplicate_that_lands_after_the_answer_was_stored_harms_nobody() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut token = server.login().await.refresh;
    for delay in [1, 29, 31, 300, 599] {
        let stored = server.refresh(&token).await.tokens().refresh;
        server.advance(delay);
        // The duplicate of the first request arrives only now; nobody waits for its answer.
        server.refresh(&token).await.tokens();
        token = server.refresh(&stored).await.tokens().refresh;
    }
}

#[tokio::test]
async fn a_free_running_thief_is_caught() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (thief_first, apart) in [(true, 60), (true, 3_000), (false, 60), (false, 3_000)] {
        let stolen = server.login().await.refresh;
        let (mut victim, mut thief) = (stolen.clone(), stolen);
        let mut caught = false;
        for _ in 0..10 {
            for thief_turn in [thief_first, !thief_first] {
                let token = if thief_turn { &mut thief } else { &mut victim };
                let reply = server.refresh(token).await;
                if !reply.status.is_success() {
                    caught = true;
                    break;
                }
                *token = reply.tokens().refresh;
                server.advance(apart);
            }
            if caught {
                break;
            }
        }
        assert!(caught, "thief first: {thief_first}, {apart} s apart");
        server.refresh(&victim).await.assert_invalid_grant();
        server.refresh(&thief).await.assert_invalid_grant();
    }
}

#[tokio::test]
async fn a_thief_who_follows_within_the_echo_window_diverges_after_four_generations() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut shared = server.login().await.refresh;
    let mut diverged = None;
    for generation in 1..=8 {
        let victim = server.refresh(&shared).await.tokens().refresh;
        server.advance(10);
        let thief = server.refresh(&shared).await.tokens().refresh;
        if victim != thief {
            diverged = Some((generation, victim, thief));
            break;
        }
        shared = victim;
        server.advance(240);
    }
    let (generation, victim, thief) = diverged.unwrap();
    assert_eq!(generation, 4);
    server.refresh(&victim).await.tokens();
    server.refresh(&thief).await.assert_invalid_grant();
}

#[tokio::test]
async fn a_refresh_that_another_node_has_already_answered_gets_the_same_token() {
    let Some(one) = TestServer::start(BACKEND).await else { return };
    let two = one.another(2).await;
    let token = one.login().await.refresh;
    let first = one.refresh(&token).await.tokens().refresh;
    assert_eq!(two.refresh(&token).await.tokens().refresh, first);
    let second = two.refresh(&first).await.tokens().refresh;
    one.refresh(&second).await.tokens();
}
