//! Refreshes against everything that ends a session: in either order no token survives (C114, C149).

use chancery::flows::admin::users::UserChange;
use chancery::flows::admin::{By, revocations, sessions};
use chancery::protocol::client::ClientStatus;
use chancery::protocol::ids::{SessionId, UserId};
use chancery::protocol::revocation::Kind;
use chancery::protocol::user::StoredHash;

use super::{assert_dead, change_user, granted, refresh_all, set_status, two_nodes, user_id};
use crate::support::{TestServer, Tokens, claims};

/// What ends a session.
#[derive(Clone, Copy, Debug)]
enum Ending {
    RevokedByClient,
    EndedByAdministrator,
    UserDisabled,
    UserDeleted,
    PasswordChanged,
    LogoutEverywhere,
    EverythingRevoked,
}

impl Ending {
    const EVERY: [Self; 7] = [
        Self::RevokedByClient,
        Self::EndedByAdministrator,
        Self::UserDisabled,
        Self::UserDeleted,
        Self::PasswordChanged,
        Self::LogoutEverywhere,
        Self::EverythingRevoked,
    ];

    async fn happen(self, server: &TestServer, user: UserId, tokens: &Tokens) {
        let by = By::command_line();
        let change = match self {
            Self::RevokedByClient => return server.revoke(&tokens.refresh).await,
            Self::EndedByAdministrator => {
                let claims = claims(&tokens.access);
                let id = SessionId::parse(claims["sid"].as_str().unwrap()).unwrap();
                sessions::end(&server.server, &by, id).await.unwrap();
                return;
            }
            Self::EverythingRevoked => {
                revocations::revoke(&server.server, &by, Kind::All, "").await.unwrap();
                return;
            }
            Self::UserDisabled => UserChange::Disable,
            Self::UserDeleted => UserChange::Delete,
            Self::PasswordChanged => UserChange::Password(StoredHash::new("other".to_owned())),
            Self::LogoutEverywhere => UserChange::LogoutEverywhere,
        };
        change_user(server, user, change).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_a_session_leaves_no_token_of_it_alive_on_any_node() {
    let Some(nodes) = two_nodes().await else { return };
    for ending in Ending::EVERY {
        for round in 0..6 {
            let name = format!("{ending:?}-{round}");
            nodes[0].create_user(&name, &[]).await;
            let user = user_id(&nodes[0], &name).await;
            let parent = nodes[0].login_as(&name).await.tokens();
            let leaf = nodes[0].refresh(&parent.refresh).await.tokens();
            let mut tokens = vec![parent.clone(), leaf.clone()];

            // Every other time the refreshes have a start.
            let (node, proof) = (nodes[1].clone(), leaf.clone());
            let turns = if round % 2 == 0 { 0 } else { round * 8 };
            let happens = async move {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                ending.happen(&node, user, &proof).await;
            };
            let happens = tokio::spawn(happens);
            let (leaf, parent) = (leaf.refresh.as_str(), parent.refresh.as_str());
            let refreshes = refresh_all(&nodes, &[leaf, parent, leaf, leaf, parent]);
            happens.await.unwrap();
            tokens.extend(granted(refreshes.join_all().await));
            assert_dead(&nodes, &tokens, &name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_client_keeps_its_session_and_no_token_that_raced_with_the_pause() {
    let Some(nodes) = two_nodes().await else { return };
    let mut token = nodes[0].login().await.refresh;
    for round in 0..6 {
        let refreshes = refresh_all(&nodes, &[token.as_str(); 6]);
        for _ in 0..round * 8 {
            tokio::task::yield_now().await;
        }
        set_status(&nodes[1], ClientStatus::Paused).await;
        let raced = granted(refreshes.join_all().await);
        nodes[0].advance(2);
        for node in &nodes {
            node.refresh(&token).await.assert_error(401, "invalid_client");
        }
        set_status(&nodes[0], ClientStatus::Active).await;
        nodes[0].advance(2);
        for node in &nodes {
            for raced in &raced {
                assert!(!node.is_active(&raced.access).await, "issued before the pause was over");
            }
        }
        let next = nodes[1].refresh(&token).await.tokens();
        assert!(nodes[0].is_active(&next.access).await);
        token = next.refresh;
    }
}
