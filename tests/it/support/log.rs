//! Entries for the log of revocations, and looks at it.

use chancery::protocol::revocation::Kind;
use http::Method;
use serde_json::json;

use super::server::TestServer;

impl TestServer {
    /// Lets the node look at its database, as it does by itself all the time.
    pub(crate) async fn look(&self) {
        self.server.look().await.unwrap();
    }

    /// Appends so many entries that end an hour from now: the tokens `filler-0` and so on.
    pub(crate) async fn fill(&self, count: usize) {
        let mut raw = self.raw().await;
        let first = self.head().await.seq + 1;
        let until = self.clock.millis() + 3_600_000;
        let rows: Vec<String> = (first..)
            .zip(0..count)
            .map(|(seq, n)| {
                let tip = raw.bytes(&u128::from(seq.unsigned_abs()).to_be_bytes());
                let digest = raw.bytes(&Kind::Token.digest(&format!("filler-{n}")).0);
                format!("({seq}, {tip}, 'jti', {digest}, NULL, {until})")
            })
            .collect();
        let last = first + i64::try_from(count).unwrap() - 1;
        let tip = raw.bytes(&u128::from(last.unsigned_abs()).to_be_bytes());
        raw.run(&format!(
            "BEGIN; INSERT INTO revocation (seq, tip, kind, digest, not_before, until) VALUES {}; \
             UPDATE feed_head SET seq = {last}, tip = {tip}; COMMIT",
            rows.join(", "),
        ))
        .await;
        self.look().await;
    }

    /// Revokes one token that nobody has, and answers its id.
    pub(crate) async fn revoke_some(&self, jti: &str) {
        let token = self.admin_token().await;
        let body = json!({"kind": "jti", "value": jti});
        let reply = self.call(Method::POST, "/admin/v1/revocations", &token, &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Lets the database lose a revocation that was told, and answers the cursor behind it.
    pub(crate) async fn lose_a_revocation(&self) -> String {
        let mut raw = self.raw().await;
        raw.keep("feed_head", "id = 1").await;
        raw.keep("revocation", "seq >= 0").await;
        self.revoke_some("lost").await;
        self.advance(30);
        let cursor = self.document("").await.document.cursor;
        raw.put_back("revocation", "seq >= 0").await;
        raw.put_back("feed_head", "id = 1").await;
        cursor
    }
}
