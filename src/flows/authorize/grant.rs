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
    /// Remembers what the user has just allowed, beside what he had allowed before: the code relies on it.
    pub(super) async fn remember(&self, asked: &Asked, ready: &Ready) -> Result<ConsentId, Detour> {
        for _ in 0..MAX_ATTEMPTS {
            // Lost where he agrees to something else, or takes something back, at the same time.
            if let (Swap::Won, id) = self.try_remember(asked, ready).await? {
                return Ok(id);
            }
        }
        // C055: the user or the client was changed while he read.
        Err(Detour::Over)
    }

    async fn try_remember(
        &self,
        asked: &Asked,
        ready: &Ready,
    ) -> Result<(Swap, ConsentId), Detour> {
        let (server, now) = (self.server, self.server.now());
        let (user, client) = (&ready.present.user, asked.client().id.clone());
        let find = FindConsent { user: user.id, client: client.clone() };
        let found = server.store.read(find).await?;
        let before = found.as_ref().map(|consent| consent.allowed.clone());
        let new = || ConsentId::from_bytes(server.world.entropy.bytes());
        let id = found.as_ref().map_or_else(new, |found| found.id);
        let audit = server
            .event(AuditKind::ConsentGiven, Actor::User(user.id.to_string()))
            .about(&client)
            .through(&client)
            .from(self.origin);
        let save = SaveConsent {
            consent: Consent {
                id,
                user_id: user.id,
                client_id: client,
                allowed: before.clone().unwrap_or_default().with(&ready.allowed),
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
        Ok((saved, id))
    }

    /// The answer with a code. It is one code, however often the same request is answered in the same
    /// browser session (C057).
    pub(super) async fn grant(&self, asked: &Asked, ready: Ready) -> Result<Step, Detour> {
        let (server, browser) = (self.server, ready.present.session.id);
        let code = server.interactions.code(self.interaction.id, browser);
        let code = code.ok_or(Detour::Failed(FlowError::Internal))?;
        let consent = ready.consent;
        let store = StoreCode { code: self.record(asked, ready, &code), consent };
        if server.store.write(store).await? == Swap::Lost {
            self.check_answered_before(&code).await?;
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

    /// If the request has this code already and nobody has used it, it goes out again.
    async fn check_answered_before(&self, code: &Code) -> Result<(), Detour> {
        let now = self.server.now();
        match self.server.store.read(FindCode(code.hash())).await? {
            Some(found) if found.code.session_id.is_none() && found.code.is_valid(now) => Ok(()),
            Some(_) => Err(Detour::Over),
            None => Err(Detour::Changed),
        }
    }
}

/// How often what a user allows is read again before somebody else changes it once more.
const MAX_ATTEMPTS: u32 = 4;
