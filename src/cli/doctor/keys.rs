//! The master key, and the keys that are sealed under it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::report::Report;
use crate::cli::connect::{find_master_key, keeper};
use crate::config::Config;
use crate::env::World;
use crate::keys::{KeySchedule, MasterKeyState};
use crate::protocol::key::{KeyLife, KeyState};
use crate::protocol::time::Timestamp;
use crate::storage::Store;
use crate::storage::ops::keys::LoadKeys;

pub(super) async fn check(config: &Config, store: &Store, report: &mut Report) {
    let world = World::system();
    check_master_key(config, store, (&world, report)).await;
    let stored = match store.read(LoadKeys).await {
        Ok(stored) => stored,
        Err(error) => return report.fail("keys", error.to_string()),
    };
    let mut places: BTreeMap<String, Vec<KeyLife>> = BTreeMap::new();
    for key in stored.signing {
        let place = format!("{} for {}", key.algorithm.as_str(), key.usage.as_str());
        places.entry(place).or_default().push(key.life);
    }
    let token: Vec<KeyLife> = stored.token.iter().map(|key| key.life).collect();
    if !token.is_empty() {
        places.insert(REFRESH_TOKENS.to_owned(), token);
    }
    if places.is_empty() {
        report.warn("keys", "there are none yet: the first start makes them");
    }
    let now = world.clock.now().into();
    let keys = &config.keys;
    let tags = (keys.rotation, keys.jwks_max_age, config.tokens.session_max_ttl);
    let tags = KeySchedule::of_refresh_tokens(tags.0, tags.1, tags.2);
    for (place, lives) in places {
        let rotation = if place == REFRESH_TOKENS { tags.active } else { keys.rotation };
        match verdict(&lives, rotation, now) {
            Ok(text) => report.ok("keys", format!("{place}: {text}")),
            Err(Trouble::NoneActive) => {
                report.fail("keys", format!("{place}: none is active: start a server"));
            }
            Err(Trouble::Neglected(text)) => {
                report.warn("keys", format!("{place}: {text}: does a server run?"));
            }
        }
    }
}

async fn check_master_key(config: &Config, store: &Store, (world, report): (&World, &mut Report)) {
    let master = match find_master_key(config) {
        Ok(Some(master)) => master,
        Ok(None) => {
            return report.warn("master_key", "there is none yet: the first start makes one");
        }
        Err(error) => return report.fail("master_key", error.to_string()),
    };
    let state = keeper(config, store.clone(), master, world).master_key_state().await;
    match state {
        Ok(MasterKeyState::New) => report.ok("master_key", "the database has no keys yet"),
        Ok(MasterKeyState::Current) if config.master_key_previous.is_some() => report
            .warn("master_key", "it is the one of this database; take master_key_previous away"),
        Ok(MasterKeyState::Current) => {
            report.ok("master_key", "it is the one of this database");
        }
        Ok(MasterKeyState::Previous) => report.warn(
            "master_key",
            "the keys are sealed under the previous one: once every node has both, run \
             `chancery key reseal`",
        ),
        Ok(MasterKeyState::Wrong) => report.fail(
            "master_key",
            "it does not open this database: give the one that the keys were sealed under, as \
             CHANCERY_MASTER_KEY_FILE or, while it is being replaced, as \
             CHANCERY_MASTER_KEY_PREVIOUS_FILE",
        ),
        Err(error) => report.fail("master_key", error.to_string()),
    }
}

#[derive(Debug, Eq, PartialEq)]
enum Trouble {
    NoneActive,
    Neglected(String),
}

/// What is to be said of the keys of one use and algorithm.
fn verdict(lives: &[KeyLife], rotation: Duration, now: Timestamp) -> Result<String, Trouble> {
    let find = |state| lives.iter().find(|life| life.state == state);
    let active = find(KeyState::Active).ok_or(Trouble::NoneActive)?;
    let age = now.since(active.activated_at.unwrap_or(active.announced_at));
    let days = age.as_secs() / Duration::from_hours(24).as_secs();
    if age > rotation + GRACE {
        return Err(Trouble::Neglected(format!("the active one is {days} days old, and overdue")));
    }
    if find(KeyState::Announced).is_none() {
        return Err(Trouble::Neglected("the next one is not announced".to_owned()));
    }
    Ok(format!("active for {days} days, the next one is announced"))
}

const REFRESH_TOKENS: &str = "refresh tokens";

/// A server that was stopped over a weekend has neglected nothing.
const GRACE: Duration = Duration::from_hours(72);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_without_a_successor_or_past_their_time_are_neglected() {
        let day = Duration::from_hours(24);
        let begun = Timestamp::from_millis(0);
        let active = KeyLife::begin(KeyState::Active, begun);
        let announced = KeyLife::begin(KeyState::Announced, begun);
        let after = |days: u32| begun + day * days;
        let verdict = |lives: &[KeyLife], days| verdict(lives, 90 * day, after(days));
        assert!(verdict(&[active, announced], 92).is_ok());
        assert!(matches!(verdict(&[active, announced], 94), Err(Trouble::Neglected(_))));
        assert!(matches!(verdict(&[active], 1), Err(Trouble::Neglected(_))));
        assert_eq!(verdict(&[announced], 1), Err(Trouble::NoneActive));
    }
}
