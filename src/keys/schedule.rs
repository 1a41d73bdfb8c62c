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
    /// This key has no living token any more.
    Remove(usize),
}

impl KeySchedule {
    /// The lives that follow from how long verifiers keep the JWKS and how long tokens live.
    pub fn new(rotation: Duration, jwks_max_age: Duration, max_token_life: Duration) -> Self {
        Self {
            active: rotation,
            announced: (2 * jwks_max_age).max(Duration::from_hours(24)),
            // Verifiers may add a minute of leeway, and clocks another.
            retired: max_token_life + Duration::from_mins(2),
        }
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
        let gone = |key: &KeyLife| {
            key.state == KeyState::Retired
                && key.retired_at.is_none_or(|at| now.since(at) >= self.retired)
        };
        let removals = keys.iter().enumerate().filter(|(_, key)| gone(key));
        steps.extend(removals.map(|(position, _)| Step::Remove(position)));
        steps
    }
}

/// The uses and algorithms that must have keys: what the resources sign with, what every issuer
/// must be able to (RFC 9068 §2.1 asks for RS256), and the feed.
pub(super) fn needed(algorithms: &[Algorithm]) -> Vec<(KeyUse, Algorithm)> {
    let mut needed = vec![
        (KeyUse::AccessToken, Algorithm::Es256),
        (KeyUse::AccessToken, Algorithm::Rs256),
        (KeyUse::Feed, Algorithm::Es256),
    ];
    for algorithm in algorithms {
        let pair = (KeyUse::AccessToken, *algorithm);
        if !needed.contains(&pair) {
            needed.push(pair);
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
        let keys =
            [key(KeyState::Active, 0), key(KeyState::Announced, 0), key(KeyState::Retired, 10)];
        assert!(due(&keys, 11).is_empty());
        assert_eq!(due(&keys, 12), [Step::Remove(2)]);
    }

    #[test]
    fn without_an_active_key_the_announced_one_signs_early() {
        let keys = [key(KeyState::Announced, 0)];
        assert_eq!(due(&keys, 0), [Step::Activate, Step::Announce]);
    }
}
