//! What may happen to those on whom a request rests.

use chancery::protocol::key::{KeyState, Kid};
use chancery::storage::ops::keys::{KeyMove, KeyName, MoveKeys};
use http::Method;
use serde_json::json;

use super::Ground::{self, *};
use super::world::{Held, World};

every! {
    /// Something that happens.
    Event {
        UserDisabled,
        UserDeleted,
        PasswordChanged,
        LoggedOutEverywhere,
        RolesTaken,
        UserTokensRevoked,
        ClientPaused,
        ClientDisabled,
        ClientDeleted,
        ClientTokensRevoked,
        SessionsEnded,
        SessionRowsGone,
        BrowserEnded,
        BrowserExpiresUnused,
        BrowserExpiresInUse,
        BrowserRowGone,
        SessionsExpireUnused,
        SessionsExpire,
        SessionsExpireInUse,
        SigningKeyCompromised,
        SigningKeyRemoved,
        TagKeyRemoved,
        EverythingRevoked,
    }
}

use Event::*;

impl Event {
    pub(super) fn takes(self) -> &'static [Ground] {
        match self {
            UserDisabled | UserDeleted => &[User, Version, UserTokens],
            PasswordChanged => &[Password, Version, UserTokens],
            LoggedOutEverywhere => &[Version, UserTokens],
            RolesTaken | UserTokensRevoked => &[UserTokens],
            ClientPaused => &[Client],
            ClientDisabled | ClientDeleted => &[Client, ClientTokens],
            ClientTokensRevoked => &[ClientTokens],
            SessionsEnded => &[Granted, GrantedTokens, Login, LoginTokens],
            SessionRowsGone => &[Granted, Login],
            BrowserEnded => &[Browser, Granted, GrantedTokens],
            BrowserRowGone => &[Browser],
            // Access tokens have expired long before.
            BrowserExpiresUnused | BrowserExpiresInUse => {
                &[Browser, Pending, UserTokens, ClientTokens]
            }
            SessionsExpireUnused | SessionsExpire | SessionsExpireInUse => {
                &[Browser, Pending, Granted, Login, UserTokens, ClientTokens]
            }
            SigningKeyCompromised | SigningKeyRemoved => &[SigningKey],
            TagKeyRemoved => &[TagKey],
            EverythingRevoked => &[Browser, Pending, Granted, Login, UserTokens, ClientTokens],
        }
    }

    /// Lets it happen at one node; the other has looked at the database since, as within its lease.
    pub(super) async fn happen(self, world: &mut World) {
        self.happen_at(world).await;
        world.there.server.memory.refresh().await.unwrap();
    }

    async fn happen_at(self, world: &mut World) {
        let (user, client) =
            (format!("/users/{}", world.user), format!("/clients/{}", world.client));
        let [granted, login] = [&world.granted, &world.login].map(Held::session);
        let none = json!(null);
        match self {
            UserDisabled => {
                world.admin(Method::PATCH, &user, json!({"status": "disabled"})).await;
            }
            UserDeleted => world.admin(Method::DELETE, &user, none).await,
            PasswordChanged => {
                let body = json!({"password": "another staple of horses"});
                world.admin(Method::POST, &format!("{user}/password"), body).await;
            }
            LoggedOutEverywhere => world.log_out_everywhere().await,
            RolesTaken => {
                let body = json!({"roles": []});
                world.admin(Method::PUT, &format!("{user}/roles"), body).await;
            }
            UserTokensRevoked => world.revoke("sub", &world.user).await,
            ClientPaused => {
                world.admin(Method::PATCH, &client, json!({"status": "paused"})).await;
            }
            ClientDisabled => {
                world.admin(Method::PATCH, &client, json!({"status": "disabled"})).await;
            }
            ClientDeleted => world.admin(Method::DELETE, &client, none).await,
            ClientTokensRevoked => world.revoke("client", "shop").await,
            SessionsEnded => {
                for id in [granted, login] {
                    world.admin(Method::DELETE, &format!("/sessions/{id}"), json!(null)).await;
                }
            }
            SessionRowsGone => world.run("DELETE FROM session").await,
            BrowserEnded => {
                let path = format!("/browser-sessions/{}", world.browser_id().await);
                world.admin(Method::DELETE, &path, none).await;
            }
            BrowserExpiresInUse => {
                for _ in 0..30 * DAY / (11 * HOUR) {
                    world.here.advance(11 * HOUR);
                    world.go_on_granted().await;
                    world.go_on_login().await;
                }
                // It is listed: it was used all the time.
                world.browser_id().await;
                world.here.advance(11 * HOUR);
            }
            BrowserRowGone => world.run("DELETE FROM browser_session").await,
            BrowserExpiresUnused => world.here.advance(12 * HOUR + 1),
            SessionsExpireUnused => world.here.advance(14 * DAY + 1),
            SessionsExpire => world.here.advance(90 * DAY + 1),
            SessionsExpireInUse => {
                for _ in 0..90 / 13 {
                    world.here.advance(13 * DAY);
                    world.go_on_login().await;
                }
                world.here.advance(13 * DAY);
            }
            SigningKeyCompromised => {
                let path = format!("/keys/{}/compromise", world.granted.kid());
                world.admin(Method::POST, &path, none).await;
            }
            SigningKeyRemoved => remove_signing_key(world).await,
            TagKeyRemoved => remove_tag_key(world).await,
            EverythingRevoked => {
                world.admin(Method::POST, "/revocations", json!({"kind": "all"})).await;
            }
        }
    }
}

async fn remove_tag_key(world: &World) {
    hand_over(world, [0, 1].map(KeyName::Token)).await;
}

async fn remove_signing_key(world: &World) {
    let kid = world.granted.kid();
    let keys = world.here.admin(Method::GET, "/keys", &json!(null)).await.json();
    let keys = keys["items"].as_array().unwrap();
    let signs = keys.iter().find(|key| key["kid"] == *kid).unwrap();
    let is_next = |key: &&serde_json::Value| {
        key["state"] == "announced" && ["use", "algorithm"].iter().all(|it| key[it] == signs[it])
    };
    let next = keys.iter().find(is_next).unwrap()["kid"].as_str().unwrap();
    hand_over(world, [kid.as_str(), next].map(|kid| KeyName::Signing(Kid::new(kid)))).await;
}

/// The announced key takes over, and the one before is removed.
async fn hand_over(world: &World, [old, new]: [KeyName; 2]) {
    use KeyState::{Active, Announced, Removed, Retired};
    let step = |key: &KeyName, from, to| KeyMove { key: key.clone(), from, to };
    let handed_over = vec![step(&old, Active, Retired), step(&new, Announced, Active)];
    for moves in [handed_over, vec![step(&old, Retired, Removed)]] {
        let at = world.here.server.now();
        let moved = MoveKeys { moves, at, audit: None };
        world.here.server.store.write(moved).await.unwrap();
    }
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
