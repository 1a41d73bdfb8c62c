use super::*;
use crate::protocol::client::{ClientCredentials, ClientId, ClientSettings};
use crate::protocol::ids::{ClientKey, SessionId};
use crate::protocol::password::UserName;
use crate::protocol::profile::Profile;
use crate::protocol::rotation::{RetryStreak, Rotation};
use crate::protocol::scope::ScopeSet;
use crate::protocol::session::{Authentication, EndReason, Grant};
use crate::protocol::user::Roles;

const NOW: Timestamp = Timestamp::from_millis(100);
const AFTER: Timestamp = Timestamp::from_millis(101);
const ID: UserId = UserId::from_bytes([1; 16]);
const ENDED: SessionStatus = SessionStatus::Ended(EndReason::Logout);
const ACTIVE: SessionStatus = SessionStatus::Active;

fn client(status: ClientStatus) -> Client {
    Client {
        key: ClientKey::from_bytes([1; 16]),
        id: ClientId::parse("app").unwrap(),
        credentials: ClientCredentials::Public,
        settings: ClientSettings::named(""),
        logo: None,
        status,
        managed: false,
        not_before: None,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn user(status: UserStatus, version: i64) -> User {
    User {
        id: ID,
        name: UserName::parse("anna").unwrap(),
        password_hash: None,
        roles: Roles::default(),
        profile: Profile::default(),
        status,
        disabled_by_file: false,
        managed: false,
        version,
        not_before: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn session(status: SessionStatus, idle: Timestamp, max: Timestamp) -> Session {
    Session {
        id: SessionId::from_bytes([1; 16]),
        user_id: ID,
        user_version: 1,
        client_id: ClientId::parse("app").unwrap(),
        browser_session_id: None,
        offline: false,
        grant: Grant { scope: ScopeSet::default(), resources: Vec::new() },
        authentication: Authentication { at: NOW, acr: None, amr: Vec::new() },
        claims: None,
        created_at: NOW,
        idle_expires_at: idle,
        max_expires_at: max,
        status,
        rotation: Rotation {
            generation: 0,
            leaves: Vec::new(),
            parent: None,
            rotated_at: NOW,
            reissued_at: NOW,
            successor_sealed: None,
            retries: RetryStreak::default(),
        },
        last_seen: NOW,
        user_agent: None,
        address: None,
    }
}

fn life(status: SessionStatus, idle: Timestamp, max: Timestamp) -> BrowserLife {
    BrowserLife { idle_expires_at: idle, max_expires_at: max, status }
}

type Case<T> = (T, Result<(), Reason>);

fn clients() -> Vec<Case<Option<Client>>> {
    vec![
        (Some(client(ClientStatus::Active)), Ok(())),
        (Some(client(ClientStatus::Paused)), Err(Reason::ClientDisabled)),
        (Some(client(ClientStatus::Disabled)), Err(Reason::ClientDisabled)),
        (None, Err(Reason::UnknownClient)),
    ]
}

fn sessions() -> Vec<Case<Session>> {
    vec![
        (session(ACTIVE, AFTER, AFTER), Ok(())),
        (session(ACTIVE, NOW, AFTER), Err(Reason::SessionIdleExpired)),
        (session(ACTIVE, NOW, NOW), Err(Reason::SessionMaxExpired)),
        (session(ENDED, NOW, NOW), Err(Reason::SessionEnded(EndReason::Logout))),
    ]
}

fn users() -> Vec<Case<Option<User>>> {
    let other = User { id: UserId::from_bytes([2; 16]), ..user(UserStatus::Active, 1) };
    vec![
        (Some(user(UserStatus::Active, 1)), Ok(())),
        (Some(user(UserStatus::Active, 2)), Err(Reason::UserChanged)),
        (Some(other), Err(Reason::UserChanged)),
        (Some(user(UserStatus::Disabled, 1)), Err(Reason::UserDisabled)),
        (None, Err(Reason::UserDeleted)),
    ]
}

fn lives() -> Vec<Case<Option<BrowserLife>>> {
    let over = Err(Reason::BrowserSessionOver);
    vec![
        (Some(life(ACTIVE, AFTER, AFTER)), Ok(())),
        (Some(life(ACTIVE, NOW, AFTER)), over),
        (Some(life(ACTIVE, AFTER, NOW)), over),
        (Some(life(ENDED, AFTER, AFTER)), over),
        (None, over),
    ]
}

#[test]
fn whoever_does_not_stand_refuses_whatever_the_others_do_in_one_order() {
    let mut checked = 0;
    for (logged, by_log) in [(Logged::Clear, Ok(())), (Logged::Refused, Err(Reason::TokenRevoked))]
    {
        for (client, by_client) in &clients() {
            for (session, by_session) in &sessions() {
                for (user, by_user) in &users() {
                    for (life, by_browser) in lives() {
                        let standing = Standing {
                            log: Fact::Is(logged),
                            client: Fact::Is(client.as_ref()),
                            grant: Fact::Is(Granted::Session(session)),
                            browser: Fact::Is(Under { life, needed: Needed::Alive }),
                            ..Standing::of_user(user.as_ref(), ID, 1)
                        };
                        let verdicts = [by_log, *by_client, *by_session, *by_user, by_browser];
                        let expected = verdicts.into_iter().find(Result::is_err).unwrap_or(Ok(()));
                        assert_eq!(standing.check(NOW), expected);
                        checked += 1;
                    }
                }
            }
        }
    }
    assert_eq!(checked, 2 * 4 * 4 * 5 * 5);
}

#[test]
fn what_a_request_does_not_rest_on_or_has_looked_at_does_not_refuse_it() {
    assert_eq!(Standing::NOTHING.check(NOW), Ok(()));
    for elsewhere in [true, false] {
        let standing = Standing {
            log: if elsewhere { Fact::Seen } else { Fact::Unneeded },
            client: if elsewhere { Fact::Seen } else { Fact::InTheLog },
            grant: Fact::InTheLog,
            browser: Fact::InTheLog,
            user: Fact::InTheLog,
        };
        assert_eq!(standing.check(NOW), Ok(()));
    }
}

#[test]
fn under_one_that_was_ended_nothing_begins_and_under_one_that_expired_what_outlives_it() {
    let check = |life, needed| {
        let under = Under { life: Some(life), needed };
        Standing { browser: Fact::Is(under), ..Standing::NOTHING }.check(NOW).is_ok()
    };
    for (life, expected) in [
        (life(ACTIVE, AFTER, AFTER), [true, true]),
        (life(ACTIVE, NOW, AFTER), [false, true]),
        (life(SessionStatus::Ended(EndReason::Replaced), AFTER, AFTER), [false, false]),
        (life(SessionStatus::Ended(EndReason::EverythingRevoked), AFTER, AFTER), [false, false]),
    ] {
        let of = [Needed::Alive, Needed::NotEnded].map(|needed| check(life, needed));
        assert_eq!(of, expected);
    }
}
