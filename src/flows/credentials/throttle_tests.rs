use super::super::manual_clock::ManualClock;
use super::*;

struct Bench {
    throttle: Throttle,
    clock: Arc<ManualClock>,
}

fn bench(entries: usize) -> Bench {
    let clock = Arc::new(ManualClock::new());
    let settings = ThrottleSettings { entries, ..ThrottleSettings::default() };
    Bench { throttle: Throttle::new(settings, clock.clone()), clock }
}

impl Bench {
    fn fail(&self, source: &Source, times: usize) {
        for _ in 0..times {
            self.throttle.failed(source);
        }
    }

    /// The delay, in seconds.
    fn delay(&self, source: &Source) -> u64 {
        let refused = self.throttle.check(source).err();
        refused.map_or(0, |too_soon| too_soon.retry_after.as_secs())
    }

    /// Fails as soon as an attempt is allowed, and gives the delay that each failure costs.
    fn attack(&self, source: &Source, times: usize) -> Vec<u64> {
        let attempt = |_| {
            self.throttle.failed(source);
            let delay = self.delay(source);
            self.clock.advance(Duration::from_secs(delay));
            delay
        };
        (0..times).map(attempt).collect()
    }
}

fn from(account: &str, address: &str) -> Source {
    Source::new(account, Some(address.parse().unwrap()))
}

#[test]
fn an_address_has_twenty_free_failures_over_all_accounts() {
    let bench = bench(100);
    for n in 0..20 {
        let guess = from(&format!("user{n}"), "2001:db8::1");
        assert_eq!(bench.delay(&guess), 0);
        bench.throttle.failed(&guess);
    }
    let same_network = from("another", "2001:db8::ffff:1");
    assert_eq!(bench.delay(&same_network), 0);
    bench.throttle.failed(&same_network);
    assert_eq!(bench.delay(&same_network), 1);
    bench.fail(&same_network, 1);
    assert_eq!(bench.delay(&from("a third", "2001:db8::2")), 2);
    assert_eq!(bench.delay(&from("a third", "2001:db8:0:1::2")), 0);
}

/// C065: nobody is kept out for longer than a minute, however long the attack was.
#[test]
fn the_longest_delay_ends_and_refused_attempts_do_not_lengthen_it() {
    let bench = bench(100);
    let alice = from("alice", "192.0.2.1");
    bench.fail(&alice, 10_000);
    for left in (1..=60).rev() {
        assert_eq!(bench.delay(&alice), left);
        bench.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(bench.throttle.check(&alice), Ok(()));
}

#[test]
fn an_account_is_delayed_at_home_by_its_failures_there() {
    let bench = bench(100);
    let home = from("alice", "192.0.2.1");
    bench.throttle.succeeded(&home);
    assert_eq!(bench.attack(&home, 7), [0, 0, 0, 0, 0, 1, 2]);
    // What goes wrong at home is no attack from elsewhere.
    assert_eq!(bench.delay(&from("alice", "198.51.100.1")), 0);
    bench.throttle.succeeded(&home);
    assert_eq!(bench.attack(&home, 6), [0, 0, 0, 0, 0, 1]);
}

/// Eviction is no way to be rid of a penalty.
#[test]
fn a_flood_of_addresses_does_not_make_the_throttle_forget() {
    let bench = bench(50);
    let alice = from("alice", "192.0.2.1");
    bench.fail(&alice, 100);
    for n in 0..5_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(0x0A00_0000 + n);
        bench.fail(&from(&format!("user{n}"), &address.to_string()), 2);
    }
    assert_eq!(bench.delay(&from("bob", "192.0.2.1")), 60);
}

#[test]
fn a_success_does_not_forgive_the_address() {
    let bench = bench(100);
    let alice = from("alice", "192.0.2.1");
    bench.fail(&alice, 21);
    bench.throttle.succeeded(&alice);
    assert_eq!(bench.delay(&alice), 1);
}

#[test]
fn many_at_once_are_counted_one_by_one() {
    let bench = bench(100);
    std::thread::scope(|scope| {
        for name in ["alice", "bob", "carol", "dave"] {
            let bench = &bench;
            scope.spawn(move || bench.fail(&from(name, "192.0.2.1"), 6));
        }
    });
    assert_eq!(bench.delay(&from("erin", "192.0.2.1")), 8);
}

#[test]
fn what_fails_where_an_account_has_a_session_delays_it_there_alone() {
    let bench = bench(100);
    let (there, elsewhere) = (from("alice", "192.0.2.1"), from("alice", "192.0.2.2"));
    for _ in 0..6 {
        assert_eq!(bench.delay(&there), 0);
        bench.throttle.failed_with_session(&there);
    }
    assert_eq!(bench.delay(&there), 1);
    assert_eq!(bench.delay(&elsewhere), 0);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.delay(&there), 0);
}

#[test]
fn that_an_account_has_no_session_there_is_remembered_for_a_minute() {
    let bench = bench(100);
    let (there, elsewhere) = (from("alice", "192.0.2.1"), from("alice", "192.0.2.2"));
    bench.throttle.note_stranger(&there);
    assert!(bench.throttle.is_stranger(&there) && !bench.throttle.is_stranger(&elsewhere));
    bench.clock.advance(Duration::from_mins(1));
    assert!(!bench.throttle.is_stranger(&there));
}
