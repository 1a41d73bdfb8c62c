//! The virtual users of each scenario, and what is made for them beforehand.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::people::Session;
use super::scenario::Scenario;
use super::target::Target;
use super::user::{
    Caller, ClientCredentials, Document, Introspect, Login, Mixed, Refresh, Revoke, Turn,
    Unrevoked, VirtualUser,
};
use crate::figures::Failure;

/// Virtual users.
type Group = Vec<Box<dyn VirtualUser>>;

/// All of a load.
pub(super) struct Users {
    /// Those whose answers are what is measured.
    pub(super) counted: Group,
    /// Those who are in their way.
    pub(super) beside: Group,
}

impl Users {
    /// Nobody is in their way.
    pub(super) fn alone(counted: Group) -> Self {
        Self { counted, beside: Vec::new() }
    }
}

/// How much is made before a load.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// Virtual users.
    pub(super) users: usize,
    /// Sessions or tokens, where they are used up.
    pub(super) sessions: usize,
}

impl Scenario {
    /// The users of a server.
    pub(super) async fn users(self, target: &Target, size: Size) -> Result<Users, Failure> {
        let (caller, users) = (target.caller(), 0..size.users);
        Ok(Users::alone(match self {
            Self::Refresh => chains(target, &caller, size.users).await?,
            Self::RefreshDuringLogins => {
                let counted = chains(target, &caller, size.users).await?;
                let flood = logins(target, &caller, FLOOD).await?.into_iter();
                return Ok(Users { counted, beside: flood.map(boxed).collect() });
            }
            Self::Introspect => introspections(
                &caller,
                &access_tokens(target.sessions(ACCESS_TOKENS).await?),
                users,
            ),
            Self::IntrospectUnseen => {
                if size.sessions < MORE_THAN_REMEMBERED {
                    return Err(format!(
                        "of fewer than {MORE_THAN_REMEMBERED} tokens some are remembered"
                    )
                    .into());
                }
                introspections(&caller, &target.service_tokens(size.sessions).await?.into(), users)
            }
            Self::Revoke => {
                let sessions = target.sessions(size.sessions).await?.into_iter();
                let tokens = sessions.map(|session| session.refresh).collect();
                let tokens: Unrevoked = Rc::new(RefCell::new(tokens));
                users.map(|_| boxed(Revoke::new(&caller, &tokens))).collect()
            }
            Self::Login => {
                let logins = logins(target, &caller, size.users).await?;
                logins.into_iter().map(boxed).collect()
            }
            Self::Mixed => mixed(target, &caller, size.users).await?,
            _ => users.map(|_| self.plain(&caller)).collect(),
        }))
    }

    /// A user for whom nothing has to be made.
    pub(super) fn plain(self, caller: &Rc<Caller>) -> Box<dyn VirtualUser> {
        match self {
            Self::Jwks | Self::FloorDocument => boxed(Document::new(caller, JWKS)),
            Self::Discovery => boxed(Document::new(caller, DISCOVERY)),
            Self::FloorHash => boxed(Document::new(caller, "/hash")),
            _ => boxed(ClientCredentials::new(caller)),
        }
    }
}

/// Each begins at another place among the tokens.
fn introspections(caller: &Rc<Caller>, tokens: &Rc<[String]>, users: Range<usize>) -> Group {
    let first = |user| user * tokens.len() / users.len();
    users.clone().map(|user| boxed(Introspect::new(caller, tokens, first(user)))).collect()
}

async fn chains(target: &Target, caller: &Rc<Caller>, users: usize) -> Result<Group, Failure> {
    let sessions = target.sessions(users).await?.into_iter();
    Ok(sessions.map(|session| boxed(Refresh::new(caller, session.refresh))).collect())
}

async fn mixed(target: &Target, caller: &Rc<Caller>, users: usize) -> Result<Group, Failure> {
    let sessions = target.sessions(users).await?;
    let tokens = access_tokens(sessions.clone());
    let logins = logins(target, caller, users).await?;
    let user = |(number, (session, login)): (usize, (Session, Login))| {
        let unrevoked = Unrevoked::default();
        boxed(Mixed {
            refresh: Refresh::new(caller, session.refresh),
            client_credentials: ClientCredentials::new(caller),
            introspect: Introspect::new(caller, &tokens, number),
            documents: [JWKS, DISCOVERY].map(|path| Document::new(caller, path)),
            login,
            revoke: Revoke::new(caller, &unrevoked),
            unrevoked,
            turn: Turn::of_user(number),
        })
    };
    Ok(sessions.into_iter().zip(logins).enumerate().map(user).collect())
}

/// No two virtual users log the same person in.
async fn logins(target: &Target, caller: &Caller, users: usize) -> Result<Vec<Login>, Failure> {
    let visitors = target.visitors(LOGINS.max(users)).await?;
    let of_user = |user| visitors.iter().skip(user).step_by(users);
    Ok((0..users).map(|user| Login::new(caller, of_user(user))).collect())
}

fn access_tokens(sessions: Vec<Session>) -> Rc<[String]> {
    sessions.into_iter().map(|session| session.access).collect()
}

fn boxed(user: impl VirtualUser + 'static) -> Box<dyn VirtualUser> {
    Box::new(user)
}

const JWKS: &str = "/.well-known/jwks.json";
const DISCOVERY: &str = "/.well-known/openid-configuration";
const ACCESS_TOKENS: usize = 1_000;
/// So many logins at once, more than a server hashes at once.
const FLOOD: usize = 32;
/// The server remembers 4,096 verified tokens.
const MORE_THAN_REMEMBERED: usize = 6_000;
/// So many users that none of them comes to more sessions than he may have.
const LOGINS: usize = 64;
