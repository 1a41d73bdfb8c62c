//! Logging in with a user name and a password, for first-party clients.

use super::credentials::Source;
use super::error::FlowError;
use super::issue::{Admitted, RefreshResponse, TokenResponse};
use super::memory::Known;
use super::server::Server;
use crate::audit;
use crate::protocol::access_token::Subject;
use crate::protocol::audit::{Actor, AuditKind, Origin};
use crate::protocol::client::{Client, GrantType};
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::ids::SessionId;
use crate::protocol::password::{Password, UserName};
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::RefreshToken;
use crate::protocol::rotation::{RetryStreak, Rotation};
use crate::protocol::secret::Secret;
use crate::protocol::session::{Authentication, EndReason, Grant, Session, SessionStatus};
use crate::protocol::token_request::{LoginRequest, Requested};
use crate::protocol::user::{Roles, User, UserStatus};
use crate::storage::ops::Swap;
use crate::storage::ops::audit::Append;
use crate::storage::ops::sessions::{CountSessions, CreateSession, Sessions};
use crate::storage::ops::users::{FindUser, Rehash};

/// Begins a session for the user whose name and password are given.
pub async fn login(
    server: &Server,
    presented: &PresentedClient,
    request: LoginRequest,
    origin: &Origin,
) -> Result<TokenResponse, FlowError> {
    let admitted = server.admit(presented, origin, None).await?;
    let client = admitted.client.clone();
    match attempt(server, (presented, &admitted), &request, origin).await {
        Ok(answer) => Ok(answer),
        Err(error) => Err(note_failure(server, error, &request, &client, origin).await),
    }
}

/// The login of an authenticated client. Every way in which it fails is written down.
async fn attempt(
    server: &Server,
    (presented, admitted): (&PresentedClient, &Admitted),
    request: &LoginRequest,
    origin: &Origin,
) -> Result<TokenResponse, FlowError> {
    check_first_party(&admitted.client)?;
    // Before the password, so that what no user could be granted tells nothing of it.
    let nobody = Roles::default();
    server.granting(admitted, Some(&nobody)).check_request(&request.requested)?;
    let proven = authenticate_user(server, request, origin).await?;
    let (user, admitted) = admit(server, (presented, origin), proven.user).await?;
    let granting = server.granting(&admitted, Some(&user.roles));
    let grant = granting.session(&request.requested)?;
    // Later tokens may be for the other resources of the grant.
    let token_grant = granting.token(&grant, &Requested { scope: None, resources: vec![] })?;
    let (session, refresh) = begin_session(server, &user, grant, (&admitted, origin));
    let subject = Subject::User(&user, &session);
    let token = server.prepare_token(&admitted, &subject, &token_grant)?;
    let refresh = refresh.map(|secret| encode(&admitted.known, &session, secret)).transpose()?;
    store_session(server, &session, &admitted.client, origin).await?;
    reward(server, &proven.source, proven.rehash).await;
    end_surplus(server, &user, &admitted.known).await;
    let answer = refresh
        .map(|text| RefreshResponse::new(text, &session, session.idle_expires_at, admitted.at));
    token.sign(answer)
}

fn check_first_party(client: &Client) -> Result<(), Refusal> {
    if client.settings.first_party {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::UnauthorizedClient,
        "only first-party clients may handle passwords",
        Reason::GrantNotAllowed,
    ))
}

/// A user whose password was right, and what he has earned once his session is stored.
struct Proven {
    user: User,
    source: Source,
    /// His password, hashed as it should be by now.
    rehash: Option<Rehash>,
}

/// The user, if name and password are right and he may log in. Every refusal costs one hash and
/// reads the same (C060).
async fn authenticate_user(
    server: &Server,
    request: &LoginRequest,
    origin: &Origin,
) -> Result<Proven, FlowError> {
    let name = UserName::parse(&request.username).ok();
    let account = name.as_ref().map_or(request.username.as_str(), UserName::canonical);
    let source = Source::new(account, origin.address);
    server.credentials.throttle.check(&source)?;
    let wrong = || Refusal::wrong_credentials(Reason::WrongCredentials);
    let password = Password::presented(&request.password).map_err(|_| wrong())?;
    let user = match &name {
        Some(name) => server.store.read(FindUser::Named(name.canonical().to_owned())).await?,
        None => None,
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let verified = server.credentials.pool.verify(&source, hash.clone(), password).await?;
    let Some(user) = user.filter(|_| verified.matches) else {
        server.credentials.throttle.failed(&source);
        return Err(wrong().into());
    };
    if user.status == UserStatus::Disabled {
        // The delays must not tell a right password from a wrong one (C060).
        server.credentials.throttle.failed(&source);
        return Err(Refusal::wrong_credentials(Reason::UserDisabled).into());
    }
    let id = user.id;
    let rehash = hash.zip(verified.rehash).map(|(old, new)| Rehash { id, old, new });
    Ok(Proven { user, source, rehash })
}

/// Forgives the failures of whoever is logged in, and renews the hash of his password. A request
/// that was refused in the end, whatever its password, changes neither.
async fn reward(server: &Server, source: &Source, rehash: Option<Rehash>) {
    server.credentials.throttle.succeeded(source);
    let Some(rehash) = rehash else { return };
    // Losing this race is no loss, since the password was changed meanwhile; neither is an error,
    // since the next login tries again.
    if let Err(error) = server.store.write(rehash).await {
        tracing::warn!(%error, "a password could not be hashed anew");
    }
}

/// The user and the client as they are at the time that the token will carry: a role that was taken
/// from him while his password was being compared, or a secret that was replaced, must not come back
/// in a token that looks younger.
async fn admit(
    server: &Server,
    (presented, origin): (&PresentedClient, &Origin),
    mut user: User,
) -> Result<(User, Admitted), FlowError> {
    loop {
        let admitted = server.admit(presented, origin, user.not_before).await?;
        check_first_party(&admitted.client)?;
        let found = server.store.read(FindUser::Id(user.id)).await?;
        let now = found
            .filter(|now| now.status == UserStatus::Active && now.version == user.version)
            .ok_or(Refusal::wrong_credentials(Reason::UserChanged))?;
        let settled = now.not_before == user.not_before;
        user = now;
        if settled {
            return Ok((user, admitted));
        }
    }
}

/// A new session with its first refresh token's secret, if the client may refresh.
fn begin_session(
    server: &Server,
    user: &User,
    grant: Grant,
    (admitted, origin): (&Admitted, &Origin),
) -> (Session, Option<Secret>) {
    let (client, now) = (&admitted.client, admitted.at);
    let entropy = server.world.entropy.as_ref();
    let secret = Secret::from_bytes(entropy.bytes());
    let max_expires_at = now + server.settings.sessions.max;
    let session = Session {
        id: SessionId::from_bytes(entropy.bytes()),
        user_id: user.id,
        user_version: user.version,
        client_id: client.id.clone(),
        grant,
        authentication: Authentication { at: now, acr: None, amr: vec!["pwd".to_owned()] },
        created_at: now,
        idle_expires_at: server.settings.sessions.idle_expiry(now, max_expires_at),
        max_expires_at,
        status: SessionStatus::Active,
        rotation: Rotation {
            generation: 0,
            leaves: vec![secret.hash()],
            parent: None,
            rotated_at: now,
            reissued_at: now,
            successor_sealed: None,
            retries: RetryStreak::default(),
        },
        last_seen: now,
        user_agent: origin.user_agent.clone(),
        address: origin.address,
    };
    (session, client.may_use(GrantType::RefreshToken).then_some(secret))
}

fn encode(
    known: &Known,
    session: &Session,
    secret: Secret,
) -> Result<zeroize::Zeroizing<String>, FlowError> {
    let keys = known.ring.tokens();
    let key_number = keys.active_number().ok_or(FlowError::Unavailable)?;
    let token = RefreshToken { key_number, session: session.id, generation: 0, secret };
    keys.encode(&token).ok_or(FlowError::Unavailable)
}

async fn store_session(
    server: &Server,
    session: &Session,
    client: &Client,
    origin: &Origin,
) -> Result<(), FlowError> {
    let event = server
        .event(AuditKind::Login, Actor::User(session.user_id.to_string()))
        .about(session.id)
        .through(&client.id)
        .from(origin);
    let operation = CreateSession { session: session.clone(), audit: event.clone() };
    match server.store.write(operation).await? {
        Swap::Won => {
            metrics::counter!("chancery_login_total", "outcome" => "ok").increment(1);
            audit::log(&event);
            Ok(())
        }
        // The user or the client was changed while the password was being compared.
        Swap::Lost => Err(Refusal::wrong_credentials(Reason::UserChanged).into()),
    }
}

/// Ends what a user has beyond the cap, the sessions unused for longest first.
async fn end_surplus(server: &Server, user: &User, known: &Known) {
    let cap = server.settings.sessions_per_user;
    let ended = async {
        if server.store.read(CountSessions(user.id)).await? > cap {
            let surplus = Sessions::Surplus(user.id, cap);
            server.end_sessions(surplus, EndReason::TooMany, None, known).await?;
        }
        Ok::<_, FlowError>(())
    };
    if let Err(error) = ended.await {
        // The next login tries again.
        tracing::warn!(%error, "surplus sessions could not be ended");
    }
}

/// Counts a refused login and writes it down, at most once a minute for one account and address.
async fn note_failure(
    server: &Server,
    error: FlowError,
    request: &LoginRequest,
    client: &Client,
    origin: &Origin,
) -> FlowError {
    let reason = error.reason();
    metrics::counter!("chancery_login_total", "outcome" => reason).increment(1);
    tracing::info!(reason, client_id = client.id.as_str(), "login refused");
    if !matches!(error, FlowError::Refused(_) | FlowError::TooMany { .. }) {
        return error;
    }
    let throttled = matches!(error, FlowError::TooMany { .. });
    let name = UserName::parse(&request.username).ok();
    let account = match &name {
        Some(name) if !throttled || is_counted(server, name).await => name.canonical(),
        _ if throttled => "(too many attempts)",
        _ => "(not a user name)",
    };
    if !server.credentials.failures.is_first(account, origin.address) {
        return error;
    }
    let event = server
        .event(AuditKind::LoginFailed, Actor::Anonymous)
        .about(account)
        .through(&client.id)
        .from(origin)
        .because(reason);
    match server.store.write(Append(event.clone())).await {
        Ok(()) => audit::log(&event),
        Err(error) => tracing::warn!(%error, "a refused login could not be written down"),
    }
    error
}

/// Whether a throttled attempt is written down under the user's name. Whoever is slowed down may make
/// up as many names as he likes, and one line tells of those: only a name that has failures of its
/// own, each of which took a hash, is looked up.
async fn is_counted(server: &Server, name: &UserName) -> bool {
    if server.credentials.throttle.account_delay(name.canonical()).is_none() {
        return false;
    }
    let found = server.store.read(FindUser::Named(name.canonical().to_owned())).await;
    found.is_ok_and(|user| user.is_some())
}
