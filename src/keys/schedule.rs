//! When keys are announced, used, retired and removed. Pure: what is due, from what there is.

use std::time::Duration;

use crate::protocol::key::{Algorithm, KeyLife, KeyState, KeyUse};
use crate::protocol::time::Timestamp;

/// The spans of a key's life.
#[derive(Clone, Copy, Debug)]
pub struct KeySchedule {
    /// How long a key signs.
    pub active: Duration,
    /// How long a key is published before it signs.
    pub announced: Duration,
    /// How long a key is published after it has stopped.
    pub retired: Duration,
}

/// A step that is due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// There is no key at all: make one that signs at once. No verifier can hold an older set, since
    /// nothing was ever signed with this algorithm.
    Begin,
    /// There is no key waiting: make one.
    Announce,
    /// The waiting key takes over.
    Activate,
}

impl KeySchedule {
    /// The lives that follow from how long verifiers keep the JWKS and how long tokens live.
    pub fn new(rotation: Duration, jwks_max_age: Duration, max_token_life: Duration) -> Self {
        Self {
            active: rotation,
            announced: (2 * jwks_max_age).max(Duration::from_hours(24)),
            retired: max_token_life + MARGIN,
        }
    }

    /// The lives of the keys that tag refresh tokens, which live for as long as a session may. Each
    /// has one of 256 numbers that are never given again, so they take turns slowly.
    pub fn of_refresh_tokens(
        rotation: Duration,
        jwks_max_age: Duration,
        session_max_ttl: Duration,
    ) -> Self {
        Self::new(rotation.max(SLOWEST_TAG_ROTATION), jwks_max_age, session_max_ttl)
    }

    /// Whether every token of a retired key has expired at `now`, by what is configured today and
    /// by the `longest` life that a token alive may have been given before.
    pub(super) fn is_over(&self, key: &KeyLife, now: Timestamp, longest: Duration) -> bool {
        let kept = self.retired.max(longest + MARGIN);
        key.state == KeyState::Retired && key.retired_at.is_none_or(|at| now.since(at) >= kept)
    }

    /// The steps due at `now` for the keys of one use and algorithm, at positions of `keys`.
    pub(super) fn due(&self, keys: &[KeyLife], now: Timestamp) -> Vec<Step> {
        let find = |state| keys.iter().find(|key| key.state == state);
        let (active, announced) = (find(KeyState::Active), find(KeyState::Announced));
        let mut steps = Vec::new();
        if active.is_none() && announced.is_none() {
            steps.push(Step::Begin);
        }
        if announced.is_none() {
            steps.push(Step::Announce);
        }
        if let Some(announced) = announced {
            let worn = active.is_none_or(|active| {
                active.activated_at.is_none_or(|since| now.since(since) >= self.active)
            });
            // Without an active key, an announced one signs early rather than nothing does.
            let known = now.since(announced.announced_at) >= self.announced || active.is_none();
            if worn && known {
                steps.push(Step::Activate);
                steps.push(Step::Announce);
            }
        }
        steps
    }
}

/// Verifiers may add a minute of leeway, and clocks another.
pub(super) const MARGIN: Duration = Duration::from_mins(2);

/// 256 numbers last for more than 60 years.
const SLOWEST_TAG_ROTATION: Duration = Duration::from_hours(90 * 24);

/// The uses and algorithms that must have keys: those in use, what every issuer must be able to
/// (RFC 9068 §2.1 and OIDC Discovery §3 ask for RS256), and the feed.
pub(super) fn needed(in_use: &[(KeyUse, Algorithm)]) -> Vec<(KeyUse, Algorithm)> {
    let mut needed = vec![
        (KeyUse::AccessToken, Algorithm::Es256),
        (KeyUse::AccessToken, Algorithm::Rs256),
        (KeyUse::IdToken, Algorithm::Rs256),
        (KeyUse::Feed, Algorithm::Es256),
    ];
    for pair in in_use {
        if !needed.contains(pair) {
            needed.push(*pair);
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> KeySchedule {
        KeySchedule::new(
            Duration::from_hours(90 * 24),
            Duration::from_mins(5),
            Duration::from_hours(1),
        )
    }

    fn key(state: KeyState, since_hours: i64) -> KeyLife {
        let at = Timestamp::from_seconds(since_hours * 3600);
        let retired_at = (state == KeyState::Retired).then_some(at);
        KeyLife { retired_at, ..KeyLife::begin(state, at) }
    }

    fn due(keys: &[KeyLife], hours: i64) -> Vec<Step> {
        schedule().due(keys, Timestamp::from_seconds(hours * 3600))
    }

    #[test]
    fn the_first_key_signs_at_once_and_has_a_successor_waiting() {
        assert_eq!(due(&[], 0), [Step::Begin, Step::Announce]);
        assert_eq!(due(&[key(KeyState::Active, 0)], 0), [Step::Announce]);
        assert!(due(&[key(KeyState::Active, 0), key(KeyState::Announced, 0)], 1).is_empty());
    }

    #[test]
    fn a_key_takes_over_when_the_active_one_is_worn_and_verifiers_know_it() {
        let waiting = |since| [key(KeyState::Active, 0), key(KeyState::Announced, since)];
        let day = 24;
        assert!(due(&waiting(0), 90 * day - 1).is_empty());
        assert_eq!(due(&waiting(0), 90 * day), [Step::Activate, Step::Announce]);
        assert!(due(&waiting(90 * day - 1), 90 * day).is_empty());
    }

    #[test]
    fn a_retired_key_stays_until_its_last_token_has_expired() {
        let over = |state, hours: i64, longest| {
            let now = Timestamp::from_seconds(hours * 3600);
            schedule().is_over(&key(state, 10), now, Duration::from_hours(longest))
        };
        assert!(!over(KeyState::Retired, 11, 0));
        assert!(over(KeyState::Retired, 12, 0));
        assert!(!over(KeyState::Retired, 15, 5), "the life of tokens was lowered since");
        assert!(over(KeyState::Retired, 16, 5));
        assert!(!over(KeyState::Active, 999, 0));
    }

    #[test]
    fn keys_that_tag_refresh_tokens_take_turns_slowly_enough_for_their_numbers() {
        let (day, hour) = (Duration::from_hours(24), Duration::from_hours(1));
        let daily = KeySchedule::of_refresh_tokens(day, hour, 90 * day);
        assert!(daily.active * 256 > 50 * 365 * day);
        assert_eq!(KeySchedule::of_refresh_tokens(400 * day, hour, day).active, 400 * day);
    }

    #[test]
    fn without_an_active_key_the_announced_one_signs_early() {
        let keys = [key(KeyState::Announced, 0)];
        assert_eq!(due(&keys, 0), [Step::Activate, Step::Announce]);
    }
}
