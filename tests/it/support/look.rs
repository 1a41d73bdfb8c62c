//! What a test looks up in the database, beside the server's answers.

use chancery::protocol::audit::AuditKind;
use chancery::protocol::revocation::{FeedHead, Kind, Revocation};
use chancery::storage::ops::audit::ListAudit;
use chancery::storage::ops::feed::{ReadHead, ReadRevocations};

use super::client::claims;
use super::raw::Raw;
use super::server::TestServer;

impl TestServer {
    /// Where the log of revocations ends.
    pub(crate) async fn head(&self) -> FeedHead {
        self.server.store.read(ReadHead).await.unwrap()
    }

    /// The whole log of revocations.
    pub(crate) async fn log(&self) -> Vec<Revocation> {
        let all = ReadRevocations { from: 0, limit: 1_000_000 };
        self.server.store.read(all).await.unwrap()
    }

    /// How many entries of a kind the log has.
    pub(crate) async fn entries(&self, kind: Kind) -> usize {
        self.log().await.iter().filter(|revocation| revocation.entry.kind == kind).count()
    }

    /// How many events of a kind were written down.
    pub(crate) async fn events(&self, kind: AuditKind) -> usize {
        let filter = ListAudit { kind: Some(kind), limit: 1_000_000, ..ListAudit::default() };
        self.server.store.read(filter).await.unwrap().len()
    }
}

impl Raw {
    /// The row of the session that an access token belongs to, as a condition.
    pub(crate) fn row_of(&self, access_token: &str) -> String {
        let claims = claims(access_token);
        let sid = claims["sid"].as_str().unwrap().replace('-', "");
        let byte = |n: usize| u8::from_str_radix(&sid[2 * n..2 * n + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..16).map(byte).collect();
        format!("id = {}", self.bytes(&bytes))
    }
}
