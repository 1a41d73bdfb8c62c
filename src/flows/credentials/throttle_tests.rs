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
fn an_account_has_five_free_failures_and_then_a_delay_that_doubles_up_to_a_minute() {
    let bench = bench(100);
    let delays = bench.attack(&from("alice", "192.0.2.1"), 14);
    assert_eq!(delays, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
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

#[test]
fn failures_on_an_account_count_from_wherever_they_come() {
    let bench = bench(100);
    for host in 1..=6 {
        bench.fail(&from("alice", &format!("192.0.2.{host}")), 1);
    }
    assert_eq!(bench.delay(&from("alice", "198.51.100.1")), 1);
    assert_eq!(bench.delay(&from("bob", "198.51.100.1")), 0);
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
fn a_success_forgives_the_account_and_not_the_address() {
    let bench = bench(100);
    let (alice, elsewhere) = (from("alice", "192.0.2.1"), from("alice", "198.51.100.1"));
    bench.fail(&alice, 21);
    bench.throttle.succeeded(&elsewhere);
    assert_eq!(bench.delay(&elsewhere), 0);
    assert_eq!(bench.delay(&from("alice", "203.0.113.1")), 0);
    assert_eq!(bench.delay(&alice), 1);
    bench.throttle.succeeded(&alice);
    assert_eq!(bench.delay(&alice), 1);
}

#[test]
fn failures_are_forgiven_over_time() {
    let bench = bench(100);
    let alice = from("alice", "192.0.2.1");
    bench.fail(&alice, 6);
    bench.clock.advance(Duration::from_mins(10));
    bench.fail(&alice, 1);
    assert_eq!(bench.delay(&alice), 1);
    bench.clock.advance(Duration::from_hours(1));
    bench.fail(&alice, 5);
    assert_eq!(bench.delay(&alice), 0);
}

/// C065.
#[test]
fn an_attack_from_elsewhere_does_not_delay_an_account_where_it_is_at_home() {
    let bench = bench(100);
    let (home, hotel) = (from("alice", "192.0.2.1"), from("alice", "198.51.100.1"));
    bench.throttle.succeeded(&home);
    bench.fail(&from("alice", "203.0.113.1"), 100);
    assert_eq!(bench.delay(&home), 0);
    assert_eq!(bench.delay(&hotel), 60);
    assert_eq!(bench.delay(&from("bob", "192.0.2.1")), 0);
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
fn a_flood_of_names_and_addresses_does_not_make_the_throttle_forget() {
    let bench = bench(50);
    let alice = from("alice", "192.0.2.1");
    bench.fail(&alice, 100);
    for n in 0..5_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(0x0A00_0000 + n);
        bench.fail(&from(&format!("user{n}"), &address.to_string()), 2);
    }
    assert_eq!(bench.delay(&from("alice", "198.51.100.1")), 60);
    assert_eq!(bench.delay(&from("bob", "192.0.2.1")), 60);
}

#[test]
fn many_at_once_are_counted_one_by_one() {
    let bench = bench(100);
    std::thread::scope(|scope| {
        for host in 1..=4 {
            let bench = &bench;
            scope.spawn(move || bench.fail(&from("alice", &format!("192.0.2.{host}")), 2));
        }
    });
    assert_eq!(bench.delay(&from("alice", "198.51.100.1")), 4);
}
