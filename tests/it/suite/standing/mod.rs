//! Nobody gets in by a path that someone forgot: each path of the server, after each thing that may happen
//! to what it rests on.
//!
//! A path names what it [rests on](paths::Way::rests_on), and something that happens names what it
//! [takes away](facts::Event::takes). Where both meet, the path is closed, with an answer that it may give;
//! everywhere else it is open, so that nothing refuses more than it must.

/// An enumeration, and the list of what it has.
macro_rules! every {
    ($(#[$doc:meta])* $name:ident { $($variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum $name {
            $($variant,)*
        }

        impl $name {
            pub(super) const EVERY: &[Self] = &[$(Self::$variant,)*];
        }
    };
}

mod facts;
mod paths;
mod world;

use std::collections::BTreeSet;

use chancery::http::routes::{Place, ROUTES};

use facts::Event;
use paths::{NO_WAY_IN, Way};
use world::World;

/// What a request may rest on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ground {
    /// The user exists and is enabled.
    User,
    /// He is of the version that he was when it began.
    Version,
    /// His password.
    Password,
    /// His access tokens are not refused as such.
    UserTokens,
    /// The client exists and is active.
    Client,
    /// Its access tokens are not refused as such.
    ClientTokens,
    /// The row of the session that a code was exchanged for.
    Granted,
    /// The access tokens of that session.
    GrantedTokens,
    /// The row of the session that `/login` began.
    Login,
    /// The access tokens of that session.
    LoginTokens,
    /// A code or a question that lies unanswered.
    Pending,
    /// The browser session.
    Browser,
    /// The key that signed the access tokens.
    SigningKey,
    /// The key that tagged the refresh tokens.
    TagKey,
}

#[tokio::test]
async fn every_path_is_open_before_anything_happens() {
    let Some(mut world) = World::begin().await else { return };
    for &way in Way::EVERY {
        let met = way.walk(&mut world).await;
        assert!(met.is_open, "{way:?}: {met:?}");
    }
}

#[tokio::test]
async fn c096_no_path_lets_in_what_is_disabled_deleted_revoked_or_expired() {
    for &event in Event::EVERY {
        let Some(mut world) = World::begin().await else { return };
        event.happen(&mut world).await;
        for &way in Way::EVERY {
            let met = way.walk(&mut world).await;
            let rests_on = way.rests_on();
            let taken = event.takes().iter().find(|ground| rests_on.contains(ground));
            assert_eq!(
                met.is_open,
                taken.is_none(),
                "{way:?} after {event:?} ({taken:?}): {met:?}"
            );
            let refused = met.is_open || way.refusals().contains(&met.said.as_str());
            assert!(refused, "{way:?} after {event:?}: {met:?}");
        }
    }
}

#[test]
fn every_route_has_its_path_or_a_reason_why_it_lets_nobody_in() {
    let ways: BTreeSet<&str> = Way::EVERY.iter().flat_map(|way| way.routes()).copied().collect();
    let not: BTreeSet<&str> = NO_WAY_IN.iter().map(|(route, _)| *route).collect();
    let listed: BTreeSet<String> = ways.union(&not).map(|&route| route.to_owned()).collect();
    // Each administrative route goes through the one check that GET /admin/v1/users stands for: it has
    // its row in the matrix of these.
    let routes = ROUTES.iter().filter(|route| route.place != Place::Admin);
    let routes = routes.map(|route| format!("{} {}", route.method, route.path));
    let administration = ["GET /admin/v1/users".to_owned(), "GET /metrics".to_owned()];
    assert_eq!(listed, routes.chain(administration).collect());
    assert_eq!(ways.intersection(&not).count(), 0);
}
