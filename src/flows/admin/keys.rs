//! Administering keys.

use super::By;
use crate::audit;
use crate::flows::ending::count_revocations;
use crate::flows::error::FlowError;
use crate::flows::known::Known;
use crate::flows::server::Server;
use crate::keys::Resealed;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind};
use crate::protocol::key::{Algorithm, KeyLife, KeyRecord, KeyUse, Kid};
use crate::protocol::revocation::{EffectiveBy, Kind};
use crate::storage::ops::keys::CompromiseKey;

/// A signing key, as an administrator sees it.
pub struct KeyView {
    /// Its id.
    pub kid: Kid,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// What it signs.
    pub usage: KeyUse,
    /// Where in its life it is.
    pub life: KeyLife,
}

/// Lists the signing keys that are not removed.
pub async fn list(server: &Server) -> Result<Vec<KeyView>, FlowError> {
    let known = server.memory.refresh().await?;
    let view = |key: &KeyRecord| KeyView {
        kid: key.kid.clone(),
        algorithm: key.algorithm,
        usage: key.usage,
        life: key.life,
    };
    Ok(known.ring.records().iter().map(view).collect())
}

/// Lets the announced keys sign from now on. Unless `now` is set, only those that verifiers have had
/// the time to fetch; answers the ids that sign now. With `now` others sign in any case: where none is
/// announced, as after a rotation whose answer was lost, they are made first.
pub async fn rotate(server: &Server, by: &By, now: bool) -> Result<Vec<Kid>, FlowError> {
    let keeper = server.memory.keeper();
    let wait = if now { std::time::Duration::ZERO } else { 2 * server.settings.jwks_max_age };
    let event = by.event(server, AuditKind::KeyActivated);
    let mut activated = keeper.rotate(wait, &event).await?;
    obey_with_keys(server).await;
    if now && activated.is_empty() {
        activated = keeper.rotate(wait, &event).await?;
        obey_with_keys(server).await;
    }
    match (activated.is_empty(), now) {
        (false, _) => Ok(activated),
        // The log says why there are no keys.
        (true, true) => Err(FlowError::Unavailable),
        (true, false) => Err(FlowError::conflict(
            "the announced keys are too young: verifiers may not know them yet",
        )),
    }
}

/// Seals every key under the current master key; those sealed under the previous one change.
pub async fn reseal(server: &Server, by: &By) -> Result<Resealed, FlowError> {
    let event = by.event(server, AuditKind::KeyResealed);
    Ok(server.memory.keeper().reseal(&event).await?)
}

/// Removes a key that somebody else may have: nothing that it signed is accepted any more, and the
/// announced key signs from now on.
pub async fn compromise(server: &Server, by: &By, kid: &Kid) -> Result<EffectiveBy, FlowError> {
    let known = server.memory.current().await?;
    let event = by.event(server, AuditKind::KeyCompromised).about(kid);
    if !remove(server, (&known, kid), event).await? {
        return Err(FlowError::not_found());
    }
    Ok(server.effective_by(&known))
}

/// Removes again the keys that this node knows to be compromised, but that are there: the database
/// lost writes, and would let whoever has such a key go on.
pub(in crate::flows) async fn remove_again(
    server: &Server,
    known: &Known,
) -> Result<(), FlowError> {
    let back = |kid: &&Kid| server.memory.revocations().refuses_key(kid);
    for kid in known.ring.records().iter().map(|record| &record.kid).filter(back) {
        let event = server.event(AuditKind::KeyCompromised, Actor::System).about(kid);
        if remove(server, (known, kid), event).await? {
            tracing::error!(%kid, "a compromised key was back, and is removed again");
        }
    }
    Ok(())
}

/// Answers whether it was there.
async fn remove(
    server: &Server,
    (known, kid): (&Known, &Kid),
    event: AuditEvent,
) -> Result<bool, FlowError> {
    let operation = CompromiseKey {
        kid: kid.clone(),
        revoking: server.revoking_client(known),
        at: server.now(),
        audit: event.clone(),
    };
    if server.store.write(operation).await?.is_none() {
        return Ok(false);
    }
    audit::log(&event);
    count_revocations(Kind::Key, 1);
    obey_with_keys(server).await;
    Ok(true)
}

/// Obeys a change after which keys may be missing: of an algorithm that was not used before, or
/// behind one that signs from now on. The change is stored already, and is not reported as failed if
/// they cannot be made now: the upkeep tries again, and what they are to sign waits (503) until then.
pub(super) async fn obey_with_keys(server: &Server) {
    server.obey_now().await;
    if let Err(error) = server.maintain_keys().await {
        tracing::warn!(%error, "the keys that a change asks for could not be made yet");
    }
}
