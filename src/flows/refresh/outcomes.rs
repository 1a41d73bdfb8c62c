//! What each verdict does: one conditional write, then the answer. `None` is a lost race.

use super::super::ending::count_ended;
use super::super::error::FlowError;
use super::super::issue::{Admitted, RefreshResponse, TokenResponse};
use super::{Reading, Refresh};
use crate::audit;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind};
use crate::protocol::error::Refusal;
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::RefreshToken;
use crate::protocol::rotation::{Retry, RetryStreak};
use crate::protocol::secret::Secret;
use crate::protocol::session::{EndReason, Session};
use crate::protocol::time::Timestamp;
use crate::storage::StorageError;
use crate::storage::ops::Swap;
use crate::storage::ops::sessions::{
    AddLeaf, CountRetry, EndSessions, FindSession, Regression, RotateSession, Sessions,
    TouchSession,
};

type Answer = Result<Option<TokenResponse>, FlowError>;

impl Refresh<'_> {
    /// The same token goes back. Its use is noted, but not each time.
    pub(super) async fn keep(&self, reading: Reading) -> Answer {
        let session = &reading.session;
        let now = self.server.now();
        let mut idle_expires_at = session.idle_expires_at;
        if now.since(session.last_seen) >= TOUCH_EVERY && !reading.admitted.client.settings.rotates
        {
            idle_expires_at = self.idle_expiry(session, now);
            let touch = TouchSession {
                id: session.id,
                at: now,
                idle_expires_at,
                address: self.origin.address,
            };
            if self.server.store.write(touch).await? == Swap::Lost {
                return Ok(None);
            }
        }
        let token = RefreshToken {
            key_number: self.token.key_number,
            session: self.token.session,
            generation: self.token.generation,
            secret: Secret::from_bytes(*self.token.secret.as_bytes()),
        };
        reading.answer(&token, idle_expires_at, "kept")
    }

    /// The session moves to its next generation: one caller wins.
    pub(super) async fn rotate(&self, reading: Reading) -> Answer {
        let session = &reading.session;
        let generation = session.rotation.generation + 1;
        let (child, sealed) = self.new_leaf(&reading, generation, 1)?;
        let now = self.server.now();
        let idle_expires_at = self.idle_expiry(session, now);
        let rotation = RotateSession {
            id: session.id,
            from: session.rotation.generation,
            parent: self.token.secret.hash(),
            child: child.secret.hash(),
            sealed,
            at: now,
            idle_expires_at,
            address: self.origin.address,
        };
        let swap = self.server.store.write(rotation).await;
        match self.settle(swap, &child).await? {
            Swap::Won => reading.answer(&child, idle_expires_at, "ok"),
            Swap::Lost => Ok(None),
        }
    }

    /// The newest leaf goes out once more. Nothing slides: a retry is not a use.
    pub(super) async fn echo(&self, reading: Reading, child: RefreshToken, retry: Retry) -> Answer {
        let session = &reading.session;
        if let Some((retries, audit)) = self.counted(session, retry) {
            let count = CountRetry { id: session.id, retries, audit: audit.clone() };
            if self.server.store.write(count).await? == Swap::Lost {
                return Ok(None);
            }
            audit.iter().for_each(audit::log);
        }
        let idle_expires_at = session.idle_expires_at;
        reading.answer(&child, idle_expires_at, "echo")
    }

    /// The retry gets a leaf of its own. No leaf that may have been delivered dies: the first one
    /// to be used wins.
    pub(super) async fn branch(&self, reading: Reading, retry: Retry) -> Answer {
        let session = &reading.session;
        let rotation = &session.rotation;
        let leaves = rotation.leaves.len() + 1;
        let (child, sealed) = self.new_leaf(&reading, rotation.generation, leaves)?;
        let counted = self.counted(session, retry);
        let audit = counted.as_ref().and_then(|(_, audit)| audit.clone());
        let add = AddLeaf {
            id: session.id,
            generation: rotation.generation,
            reissued_at: rotation.reissued_at,
            leaves: rotation.leaves.iter().cloned().chain([child.secret.hash()]).collect(),
            sealed,
            at: self.server.now(),
            retries: counted.map_or(rotation.retries, |(retries, _)| retries),
            audit: audit.clone(),
        };
        let swap = self.server.store.write(add).await;
        match self.settle(swap, &child).await? {
            Swap::Won => {
                audit.iter().for_each(audit::log);
                let idle_expires_at = session.idle_expires_at;
                reading.answer(&child, idle_expires_at, "retry")
            }
            Swap::Lost => Ok(None),
        }
    }

    /// A replaced token came back: the session ends, durably, before the client hears of it.
    pub(super) async fn end_reused(&self, reading: &Reading) -> FlowError {
        let now = self.server.now();
        let regressed_at = reading.admitted.known.head.regressed_at;
        let after_loss =
            regressed_at.is_some_and(|at| now.since(at) <= self.server.settings.retry_window);
        if after_loss {
            // The writes that the database lost may be the ones that would explain this token.
            return self.end(reading, EndReason::StorageRegressed, None).await;
        }
        self.end(reading, EndReason::Reuse, None).await
    }

    /// The token is newer than the session: the database lost writes. That is no theft, and an
    /// operator has to know.
    pub(super) async fn end_regressed(&self, reading: &Reading) -> FlowError {
        let session = &reading.session;
        tracing::error!(
            session = %session.id,
            presented = self.token.generation,
            stored = session.rotation.generation,
            "a genuine refresh token is newer than its session: the database lost writes"
        );
        metrics::counter!("chancery_storage_regressed_total").increment(1);
        let known = reading.admitted.known.head.epoch;
        let regression = Regression {
            seen: self.server.memory.revocations().epoch().map_or(known, |seen| seen.max(known)),
            after: session.rotation.rotated_at,
        };
        self.end(reading, EndReason::StorageRegressed, Some(regression)).await
    }

    async fn end(
        &self,
        reading: &Reading,
        reason: EndReason,
        regressed: Option<Regression>,
    ) -> FlowError {
        let Reading { admitted: Admitted { known, .. }, session, .. } = reading;
        let (kind, refusal) = if reason == EndReason::Reuse {
            (AuditKind::RefreshReuse, Reason::Reuse)
        } else {
            (AuditKind::StorageRegressed, Reason::StorageRegressed)
        };
        let event = self.event(kind, session).because(reason.as_str());
        let revoking = if regressed.is_some() {
            self.server.revoking_client(known)
        } else {
            self.server.revoking_user(known)
        };
        let end = EndSessions {
            which: Sessions::One(session.id),
            reason,
            revoking,
            audit: Some(event.clone()),
            regressed,
        };
        match self.server.store.write(end).await {
            Ok(ended) => {
                if ended.feed.is_some() {
                    count_ended(&ended);
                    audit::log(&event);
                    self.server.obey_now().await;
                }
                Refusal::invalid_grant(refusal).into()
            }
            Err(error) => error.into(),
        }
    }

    /// A new leaf, and the same sealed for the holder of the presented token.
    fn new_leaf(
        &self,
        reading: &Reading,
        generation: u32,
        leaves: usize,
    ) -> Result<(RefreshToken, Vec<u8>), FlowError> {
        let keys = reading.token_keys();
        let entropy = self.server.world.entropy.as_ref();
        let child = RefreshToken {
            key_number: keys.active_number().ok_or(FlowError::Unavailable)?,
            session: self.token.session,
            generation,
            secret: Secret::from_bytes(entropy.bytes()),
        };
        let sealed = keys
            .seal_successor(&child, self.token, leaves, entropy)
            .ok_or(FlowError::Unavailable)?;
        Ok((child, sealed))
    }

    /// Resolves a commit whose outcome is unknown by reading once whether our leaf is there.
    async fn settle(
        &self,
        swap: Result<Swap, StorageError>,
        child: &RefreshToken,
    ) -> Result<Swap, FlowError> {
        match swap {
            Err(StorageError::OutcomeUnknown(_)) => {
                let found = self.server.store.read(FindSession(child.session)).await?;
                let hash = child.secret.hash();
                let there = found.is_some_and(|f| f.session.rotation.leaves.contains(&hash));
                if there { Ok(Swap::Won) } else { Err(FlowError::Unavailable) }
            }
            swap => Ok(swap?),
        }
    }

    /// The streak to store, if the retry counts, and the event that a long one is worth.
    fn counted(
        &self,
        session: &Session,
        retry: Retry,
    ) -> Option<(RetryStreak, Option<AuditEvent>)> {
        match retry {
            Retry::Uncounted => None,
            Retry::Counted(streak) => Some((streak, None)),
            Retry::Suspicious(streak) => {
                Some((streak, Some(self.event(AuditKind::RefreshRisk, session))))
            }
        }
    }

    fn event(&self, kind: AuditKind, session: &Session) -> AuditEvent {
        self.server
            .event(kind, Actor::User(session.user_id.to_string()))
            .about(session.id)
            .through(&session.client_id)
            .from(self.origin)
    }

    fn idle_expiry(&self, session: &Session, now: Timestamp) -> Timestamp {
        self.server.settings.sessions.idle_expiry(now, session.max_expires_at)
    }
}

impl Reading {
    fn answer(
        self,
        token: &RefreshToken,
        idle_expires_at: Timestamp,
        outcome: &'static str,
    ) -> Answer {
        metrics::counter!("chancery_refresh_total", "outcome" => outcome).increment(1);
        let text = self.token_keys().encode(token).ok_or(FlowError::Unavailable)?;
        let refresh = RefreshResponse::new(text, &self.session, idle_expires_at, self.admitted.at);
        self.prepared.sign(Some(refresh)).map(Some)
    }
}

/// How often the use of a token that does not rotate is written down.
const TOUCH_EVERY: std::time::Duration = std::time::Duration::from_mins(1);
