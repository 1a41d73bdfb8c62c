//! What goes to the database together: that it does, beside somebody who holds a row, and when the
//! answer to all of them is lost.

use chancery::protocol::ids::SessionId;
use chancery::protocol::revocation::Kind;
use chancery::storage::ops::sessions::FindSession;
use futures_util::future::join_all;
use metrics::set_default_local_recorder;

use super::BACKEND;
use super::between::{Between, Cut};
use crate::support::{Reply, Statements, TestServer, Tokens, claims};

impl TestServer {
    async fn logins(&self, number: usize) -> Vec<Tokens> {
        let mut tokens = Vec::new();
        for _ in 0..number {
            tokens.push(self.login().await);
        }
        tokens
    }

    /// Refreshes all of these in the same moment.
    async fn refreshed(&self, tokens: &[Tokens]) -> Vec<Reply> {
        join_all(tokens.iter().map(|one| self.refresh(&one.refresh))).await
    }

    /// Revokes all of these in the same moment.
    async fn revoked(&self, tokens: &[Tokens]) -> Vec<Reply> {
        let basic = self.basic();
        let forms: Vec<_> = tokens.iter().map(|one| format!("token={}", one.refresh)).collect();
        join_all(forms.iter().map(|form| self.form("/oauth/revoke", &basic, form))).await
    }
}

/// Those who were told to come again.
fn refused(replies: &[Reply]) -> usize {
    let refused = replies.iter().filter(|reply| reply.status != 200);
    refused.inspect(|reply| reply.assert_error(503, "temporarily_unavailable")).count()
}

#[tokio::test]
async fn what_many_ask_for_in_the_same_moment_takes_fewer_statements_than_they_are() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.logins(MANY).await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let ids = tokens.iter().map(|one| claims(&one.access)["sid"].as_str().map(SessionId::parse));
    let finds: Vec<_> = ids.map(|id| FindSession(id.flatten().unwrap())).collect();
    let found = join_all(finds.into_iter().map(|find| server.server.store.read(find))).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
    let finding = statements.count();
    assert!(finding <= ALONE / 2, "{finding}");
    let refreshed = server.refreshed(&tokens).await;
    assert_eq!(refused(&refreshed), 0);
    let refreshing = statements.count() - finding;
    assert!(refreshing <= ALONE, "each reads and writes: {refreshing}");
    assert_eq!(refused(&server.revoked(&tokens).await), 0);
    let revoking = statements.count() - finding - refreshing;
    assert!(revoking <= 2 * ALONE, "each reads, changes, logs and tells: {revoking}");
}

#[tokio::test]
async fn whoever_needs_a_row_that_is_held_waits_alone() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let held = server.login().await;
    let mut raw = server.raw().await;
    raw.run("BEGIN; SELECT 1 FROM session FOR UPDATE").await;
    let free = server.login().await;
    let others = async {
        let refreshed = server.refresh(&free.refresh).await.tokens();
        server.revoke(&refreshed.refresh).await;
        assert!(!server.is_active(&refreshed.access).await);
        raw.run("ROLLBACK").await;
    };
    let (waited, ()) = tokio::join!(server.refresh(&held.refresh), others);
    assert!(server.is_active(&waited.tokens().access).await);
}

#[tokio::test]
async fn rotations_whose_answer_is_lost_are_looked_up_and_nobody_is_taken_for_a_thief() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(between) = Between::start(&server.url_text()) else { return };
    let node = server.through(between.url().to_owned()).await;
    let tokens = server.logins(SOME).await;
    let mut raw = server.raw().await;
    // They did not take place, and each token is as good as before.
    between.cut_next(Cut::Before);
    let lost = refused(&node.refreshed(&tokens).await);
    assert!(between.has_cut() && lost > 1, "they went together: {lost}");
    let rotated = "SELECT COUNT(*) FROM session WHERE generation = 1";
    assert_eq!(raw.number(rotated).await, i64::try_from(SOME - lost).unwrap());
    // They took place: each is told the token that is there. Who had got through is told it again.
    between.cut_next(Cut::After);
    let next = node.refreshed(&tokens).await;
    assert!(between.has_cut());
    let next: Vec<_> = next.iter().map(Reply::tokens).collect();
    assert_eq!(raw.number(rotated).await, i64::try_from(SOME).unwrap());
    assert_eq!(refused(&node.refreshed(&next).await), 0);
    let over = "SELECT COUNT(*) FROM session WHERE ended_reason IS NOT NULL";
    assert_eq!(raw.number(over).await, 0);
    assert_eq!(server.entries(Kind::Session).await, 0);
}

#[tokio::test]
async fn revocations_whose_commit_nobody_heard_of_are_asked_for_again_and_made_once() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(between) = Between::start(&server.url_text()) else { return };
    let node = server.through(between.url().to_owned()).await;
    let tokens = server.logins(SOME).await;
    let mut raw = server.raw().await;
    let over = "SELECT COUNT(*) FROM session WHERE ended_reason = 'token_revoked'";
    // Whoever hears of a success has it.
    between.cut_next(Cut::Before);
    let lost = refused(&node.revoked(&tokens).await);
    assert!(between.has_cut() && lost > 1, "they went together: {lost}");
    assert_eq!(raw.number(over).await, i64::try_from(SOME - lost).unwrap());
    // It took place, which nobody may say who does not know.
    between.cut_next(Cut::After);
    let unheard = refused(&node.revoked(&tokens).await);
    assert!(between.has_cut() && unheard > 1, "they went together: {unheard}");
    assert_eq!(raw.number(over).await, i64::try_from(SOME).unwrap());
    assert_eq!(refused(&node.revoked(&tokens).await), 0);
    assert_eq!(server.entries(Kind::Session).await, SOME);
}

const MANY: usize = 20;
/// One statement each: half of what each takes alone is what is allowed above.
const ALONE: u64 = 20;
const SOME: usize = 6;
