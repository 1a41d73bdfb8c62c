//! Whether the password is right. Must not begin a session.

use super::super::credentials::Source;
use super::super::error::FlowError;
use super::super::server::Server;
use super::attempt::Attempt;
use crate::protocol::audit::Origin;
use crate::protocol::error::Refusal;
use crate::protocol::password::{Password, UserName};
use crate::protocol::reason::Reason;
use crate::protocol::standing::{Whose, check_user};
use crate::protocol::token_request::Credentials;
use crate::protocol::user::User;
use crate::storage::ops::users::{FindUser, Rehash};

/// A user whose password was right, and what he has earned once his session is stored.
pub(in crate::flows) struct Proven {
    pub(in crate::flows) user: User,
    pub(in crate::flows) attempt: Attempt,
    /// His password, hashed as it should be by now.
    pub(in crate::flows) rehash: Option<Rehash>,
}

/// The user, if name and password are right and he may log in. Every refusal of what may be a password costs
/// one hash, and all read the same (C060).
pub(in crate::flows) async fn authenticate_user(
    server: &Server,
    credentials: &Credentials,
    origin: &Origin,
) -> Result<Proven, FlowError> {
    let name = UserName::parse(&credentials.username).ok();
    let account = name.as_ref().map_or(credentials.username.as_str(), UserName::canonical);
    // What nobody can have as a password takes no hash, and no attempt from anybody.
    let password = Password::presented(&credentials.password)
        .map_err(|_| Refusal::wrong_credentials(Reason::Malformed))?;
    let source = Source::new(account, origin.address);
    let attempt = Attempt::begin(server, source, name.is_some()).await?;
    match judge(server, &attempt.source, (name.as_ref(), password)).await {
        Ok((user, rehash)) => {
            attempt.give_back(server).await;
            Ok(Proven { user, attempt, rehash })
        }
        // The delays must not tell a right password of somebody who is disabled from a wrong one (C060).
        Err(refused @ FlowError::Refused(_)) => {
            attempt.failed(server).await?;
            Err(refused)
        }
        Err(unknown) => {
            attempt.give_back(server).await;
            Err(unknown)
        }
    }
}

/// The user, if the password is his and he may log in. A refusal is a judgement; any other error says
/// nothing about the password.
async fn judge(
    server: &Server,
    source: &Source,
    (name, password): (Option<&UserName>, Password),
) -> Result<(User, Option<Rehash>), FlowError> {
    let user = match name {
        Some(name) => server.store.read(FindUser::Named(name.canonical().to_owned())).await?,
        None => None,
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let verified = server.credentials.pool.verify(source, hash.clone(), password).await?;
    let user = user.ok_or(Refusal::wrong_credentials(Reason::UnknownUser))?;
    if !verified.matches {
        return Err(Refusal::wrong_credentials(Reason::WrongCredentials).into());
    }
    let (id, version) = (user.id, user.version);
    check_user(Whose { user: Some(&user), id, version }).map_err(Refusal::wrong_credentials)?;
    let rehash = hash.zip(verified.rehash).map(|(old, new)| Rehash { id, old, new });
    Ok((user, rehash))
}

/// Forgives the failures of whoever is logged in, and renews the hash of his password. A request
/// that was refused in the end, whatever its password, changes neither.
pub(in crate::flows) async fn reward(server: &Server, attempt: &Attempt, rehash: Option<Rehash>) {
    attempt.succeeded(server).await;
    let Some(rehash) = rehash else { return };
    // Losing this race is no loss, since the password was changed meanwhile; neither is an error,
    // since the next login tries again.
    if let Err(error) = server.store.write(rehash).await {
        tracing::warn!(%error, "a password could not be hashed anew");
    }
}
