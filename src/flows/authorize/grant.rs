//! Granting a request: the consent that is remembered, and the code.

use super::super::error::FlowError;
use super::request::Asked;
use super::{Answered, Detour, Ready, Step, Walk};
use crate::audit;
use crate::protocol::audit::{Actor, AuditKind};
use crate::protocol::authorization_code::{CODE_LIFE, Code, CodeRecord};
use crate::protocol::consent::Consent;
use crate::protocol::ids::ConsentId;
use crate::storage::ops::Swap;
use crate::storage::ops::codes::{FindCode, StoreCode};
use crate::storage::ops::consents::{FindConsent, SaveConsent};

impl Walk<'_> {
    /// Remembers what the user has just allowed, beside what he had allowed before.
    pub(super) async fn remember(&self, asked: &Asked, ready: &Ready) -> Result<(), Detour> {
        for _ in 0..MAX_ATTEMPTS {
            // Lost where he agrees to something else, or takes something back, at the same time.
            if self.try_remember(asked, ready).await? == Swap::Won {
                return Ok(());
            }
        }
        // C055: the user or the client was changed while he read.
        Err(Detour::Over)
    }

    async fn try_remember(&self, asked: &Asked, ready: &Ready) -> Result<Swap, Detour> {
        let (server, now) = (self.server, self.server.now());
        let (user, client) = (&ready.present.user, asked.client().id.clone());
        let find = FindConsent { user: user.id, client: client.clone() };
        let found = server.store.read(find).await?;
        let before = found.as_ref().map(|consent| consent.allowed.clone());
        let new = || ConsentId::from_bytes(server.world.entropy.bytes());
        let audit = server
            .event(AuditKind::ConsentGiven, Actor::User(user.id.to_string()))
            .about(&client)
            .through(&client)
            .from(self.origin);
        let save = SaveConsent {
            consent: Consent {
                id: found.as_ref().map_or_else(new, |found| found.id),
                user_id: user.id,
                client_id: client,
                allowed: before.clone().unwrap_or_default().with(&ready.grant),
                created_at: found.map_or(now, |found| found.created_at),
                updated_at: now,
            },
            before,
            user_version: user.version,
            audit: audit.clone(),
        };
        let saved = server.store.write(save).await?;
        if saved == Swap::Won {
            audit::log(&audit);
        }
        Ok(saved)
    }

    /// The answer with a code. It is one code, however often the same request is answered in the same
    /// browser session (C057).
    pub(super) async fn grant(&self, asked: &Asked, ready: Ready) -> Result<Step, Detour> {
        let (server, browser) = (self.server, ready.present.session.id);
        let code = server.interactions.code(self.interaction.id, browser);
        let code = code.ok_or(Detour::Failed(FlowError::Internal))?;
        let audit = server
            .event(AuditKind::Authorized, Actor::User(ready.present.user.id.to_string()))
            .about(&asked.client().id)
            .through(&asked.client().id)
            .from(self.origin);
        let consent = ready.consent;
        let record = self.record(asked, ready, &code);
        let store = StoreCode { code: record, consent, audit: audit.clone() };
        match server.store.write(store).await? {
            Swap::Won => audit::log(&audit),
            Swap::Lost => self.check_answered_before(&code).await?,
        }
        metrics::counter!("chancery_authorizations_total", "outcome" => "ok").increment(1);
        let answer = asked.recipient.clone().grant(&code, &server.settings.issuer);
        Ok(Step::Answer(Answered { answer, client: asked.client().clone() }))
    }

    fn record(&self, asked: &Asked, ready: Ready, code: &Code) -> CodeRecord {
        let now = self.server.now();
        let session = ready.present.session;
        CodeRecord {
            hash: code.hash(),
            interaction: self.interaction.id,
            client_id: asked.client().id.clone(),
            redirect_uri: asked.recipient.redirect_uri.clone(),
            redirect_uri_given: asked.redirect_uri_given,
            challenge: asked.request.challenge.clone(),
            grant: ready.grant,
            nonce: asked.request.nonce.clone(),
            user_id: session.user_id,
            user_version: session.user_version,
            browser_session_id: session.id,
            authentication: session.authentication,
            claims: asked.claims.clone(),
            created_at: now,
            expires_at: now + CODE_LIFE,
            tries: 0,
            session_id: None,
        }
    }

    /// The request has a code already. If it is this one and nobody has used it, it goes out again.
    async fn check_answered_before(&self, code: &Code) -> Result<(), Detour> {
        let found = self.server.store.read(FindCode(code.hash())).await?;
        let now = self.server.now();
        let good = found.is_some_and(|found| {
            found.code.session_id.is_none()
                && found.code.interaction == self.interaction.id
                && now < found.code.expires_at
        });
        if good { Ok(()) } else { Err(Detour::Over) }
    }
}

/// How often what a user allows is read again before somebody else changes it once more.
const MAX_ATTEMPTS: u32 = 4;
