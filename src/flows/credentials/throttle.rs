//! Delays after failed attempts, as far as a node counts them for itself: for each network, for each account
//! where it is at home, and for each client. Decided before any hash.
//! Must not import any part of the crate but [`crate::protocol`] and [`crate::env`].

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::source::{Network, Source};
use super::table::Table;
use crate::env::Clock;
use crate::protocol::failed_attempts::{AttemptLimit, FailedAttempts};

/// When attempts are delayed.
#[derive(Clone, Copy, Debug)]
pub struct ThrottleSettings {
    /// For the failures of one account.
    pub account: AttemptLimit,
    /// For the failures from one address, or from one IPv6 network of 64 bits.
    pub address: AttemptLimit,
    /// For the failures of one client from one address or network.
    pub client: AttemptLimit,
    /// How many addresses, how many pairs of an account and an address, and how many clients are
    /// remembered.
    pub entries: usize,
}

/// 5 free failures for an account, one of them again every 10 minutes; 20 for an address, one again
/// every minute, since many people may share it; 10 for a client at one address, one again every
/// minute, since its secret is long; then 1 s, doubling up to 60 s.
impl Default for ThrottleSettings {
    fn default() -> Self {
        let account = AttemptLimit {
            free: 5,
            forgiven_after: Duration::from_mins(10),
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_mins(1),
        };
        let address = AttemptLimit { free: 20, forgiven_after: Duration::from_mins(1), ..account };
        let client = AttemptLimit { free: 10, ..address };
        Self { account, address, client, entries: 100_000 }
    }
}

/// Delays attempts from addresses that have failed often. It never locks: a delay ends, at most after
/// [`AttemptLimit::longest_delay`], and refused attempts do not lengthen it.
///
/// Where an account was used successfully from an address before, failures elsewhere do not delay
/// it there: an attacker can thus not keep its owner out by failing again and again. The account
/// has a counter of its own at that address.
///
/// An attempt counts once it has failed. How many can pass [`Throttle::check`] until then is for
/// the pool to bound, where few attempts of one account or network wait at once.
pub struct Throttle {
    clock: Arc<dyn Clock>,
    /// Makes short keys of names; an attacker cannot find names that share one.
    names: RandomState,
    account: AttemptLimit,
    ledger: Mutex<Ledger>,
}

/// The attempt must not be made yet: 429 with `Retry-After`. Whether the account exists has no
/// influence on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many failed attempts")]
pub struct TooSoon {
    /// How long to wait.
    pub retry_after: Duration,
}

impl Throttle {
    /// A throttle that knows of no failure.
    pub fn new(settings: ThrottleSettings, clock: Arc<dyn Clock>) -> Self {
        let ledger = Mutex::new(Ledger::new(settings));
        Self { clock, names: RandomState::new(), account: settings.account, ledger }
    }

    /// Whether an attempt may be made. Call it before anything is hashed.
    ///
    /// # Errors
    /// [`TooSoon`] where the account or the network has to wait.
    pub fn check(&self, from: &Source) -> Result<(), TooSoon> {
        let retry_after = self.with(from, |ledger, who, now| ledger.delay(who, now));
        if retry_after.is_zero() { Ok(()) } else { Err(TooSoon { retry_after }) }
    }

    /// Whether it was found within the last minute that the account has no session from there.
    pub fn is_stranger(&self, from: &Source) -> bool {
        let strange = |ledger: &mut Ledger, who: Who, now| {
            ledger.strangers.find(who.pair()).is_some_and(|known| known.until > now)
        };
        self.with(from, strange)
    }

    /// Notes that the account has no session from there.
    pub fn note_stranger(&self, from: &Source) {
        self.with(from, Ledger::note_stranger);
    }

    /// Counts an attempt with a wrong password from where the account has a session.
    pub fn failed_with_session(&self, from: &Source) {
        self.with(from, Ledger::failed_with_session);
    }

    /// Whether the account was used successfully from this network before.
    pub fn is_at_home(&self, from: &Source) -> bool {
        self.with(from, |ledger, who, _| ledger.familiar.find(who.pair()).is_some())
    }

    /// What delays an account, wherever its attempts come from.
    pub fn account_limit(&self) -> &AttemptLimit {
        &self.account
    }

    /// Counts an attempt with a wrong password, for an account that exists or not: against the network, and
    /// where the account is at home against both together.
    pub fn failed(&self, from: &Source) {
        self.with(from, Ledger::failed);
    }

    /// The account is at home there from now on. The failures of the network are not forgiven: whoever has one
    /// account could otherwise guess the passwords of others without end.
    pub fn succeeded(&self, from: &Source) {
        self.with(from, Ledger::succeeded);
    }

    /// Whether the secret of a client may be tried, where the account of `from` is the client's id.
    /// Only its own failures from there count (RFC 6749 §2.3.1): nobody elsewhere can lock a
    /// client out, and one client's failures do not delay another, or a user.
    ///
    /// # Errors
    /// [`TooSoon`] where it has to wait.
    pub fn check_client(&self, from: &Source) -> Result<(), TooSoon> {
        let retry_after = self.with(from, |ledger, who, now| ledger.client_delay(who, now));
        if retry_after.is_zero() { Ok(()) } else { Err(TooSoon { retry_after }) }
    }

    /// Counts a wrong secret, for a client that exists or not.
    pub fn client_failed(&self, from: &Source) {
        self.with(from, Ledger::client_failed);
    }

    /// Forgives the failures of a client at one place: whoever has the secret need not guess it.
    pub fn client_succeeded(&self, from: &Source) {
        self.with(from, |ledger, who, _| ledger.clients.remove(who.pair()));
    }

    fn with<T>(&self, from: &Source, act: impl FnOnce(&mut Ledger, Who, Duration) -> T) -> T {
        let account = self.names.hash_one(from.account());
        let who = Who { account, network: from.network() };
        let now = self.clock.monotonic();
        act(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner), who, now)
    }
}

/// The keys of a source.
#[derive(Clone, Copy)]
struct Who {
    account: u64,
    network: Network,
}

/// The counters. Pure: time is passed in.
struct Ledger {
    settings: ThrottleSettings,
    networks: Table<Network>,
    /// The networks from which an account was used successfully.
    familiar: Table<(u64, Network)>,
    /// What failed from networks in which an account has a session.
    with_session: Table<(u64, Network)>,
    /// The networks in which an account was found to have no session.
    strangers: Table<(u64, Network)>,
    clients: Table<(u64, Network)>,
}

impl Ledger {
    fn new(settings: ThrottleSettings) -> Self {
        let ThrottleSettings { entries, .. } = settings;
        let (networks, clients) = (Table::new(entries), Table::new(entries));
        let [familiar, with_session, strangers] = [(); 3].map(|()| Table::new(entries));
        Self { settings, networks, familiar, with_session, strangers, clients }
    }

    fn delay(&self, who: Who, now: Duration) -> Duration {
        let ThrottleSettings { account, address, .. } = &self.settings;
        let there = [&self.familiar, &self.with_session];
        let there = there.into_iter().filter_map(|failures| failures.find(who.pair()));
        let at_home = there.map(|failures| failures.delay(account, now)).max();
        let network = self.networks.find(who.network).map(|failures| failures.delay(address, now));
        at_home.max(network).unwrap_or_default()
    }

    fn failed(&mut self, who: Who, now: Duration) {
        let ThrottleSettings { account, address, .. } = &self.settings;
        self.networks.sweep(now);
        fail(&mut self.networks, (who.network, address), now);
        if let Some(failures) = self.familiar.find(who.pair()) {
            self.familiar.set(who.pair(), failures.and_one(account, now));
        }
    }

    fn failed_with_session(&mut self, who: Who, now: Duration) {
        self.with_session.sweep(now);
        fail(&mut self.with_session, (who.pair(), &self.settings.account), now);
    }

    fn note_stranger(&mut self, who: Who, now: Duration) {
        let until = now.saturating_add(STRANGE_FOR);
        self.strangers.sweep(now);
        self.strangers.set(who.pair(), FailedAttempts { clear_at: until, until });
    }

    fn succeeded(&mut self, who: Who, now: Duration) {
        self.familiar.set(who.pair(), FailedAttempts::none(now));
    }

    fn client_delay(&self, who: Who, now: Duration) -> Duration {
        let failures = self.clients.find(who.pair());
        failures.map(|failures| failures.delay(&self.settings.client, now)).unwrap_or_default()
    }

    fn client_failed(&mut self, who: Who, now: Duration) {
        self.clients.sweep(now);
        fail(&mut self.clients, (who.pair(), &self.settings.client), now);
    }
}

/// For how long it is not looked up again.
const STRANGE_FOR: Duration = Duration::from_mins(1);

impl Who {
    fn pair(self) -> (u64, Network) {
        (self.account, self.network)
    }
}

fn fail<K: Copy + Eq + std::hash::Hash + Ord>(
    table: &mut Table<K>,
    (key, limit): (K, &AttemptLimit),
    now: Duration,
) {
    let failures = table.find(key).unwrap_or(FailedAttempts::none(now));
    table.set(key, failures.and_one(limit, now));
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
