use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;

use super::super::manual_clock::ManualClock;
use super::*;
use crate::env::SystemEntropy;

const DEADLINE: Duration = Duration::from_secs(5);

struct Bench {
    pool: HashPool,
    clock: Arc<ManualClock>,
}

fn bench(permits: usize, queue: usize) -> Bench {
    let clock = Arc::new(ManualClock::new());
    let world = World { clock: clock.clone(), entropy: Arc::new(SystemEntropy) };
    let params = Argon2Params::new(8, 1, 1).unwrap();
    let settings = PoolSettings { permits, queue, deadline: DEADLINE, params };
    Bench { pool: HashPool::new(settings, world), clock }
}

impl Bench {
    fn waiting(&self) -> usize {
        self.pool.shared.with(|state| state.waiting.len())
    }

    /// Takes a permit, and keeps it until what is given back is dropped.
    async fn hold_permit(&self) -> mpsc::Sender<()> {
        let (permit, gate) = mpsc::channel::<()>();
        let (started, start) = oneshot::channel();
        let pool = self.pool.clone();
        tokio::spawn(async move {
            let hold = move |_: &Hasher, _: &mut HashMemory| {
                let _ = started.send(());
                let _ = gate.recv();
            };
            pool.run(&Source::new("the test", None), hold).await
        });
        start.await.unwrap();
        permit
    }

    /// A caller whose hash does nothing but tell of itself.
    fn caller<'a>(
        &'a self,
        from: &'a Source,
        name: &'static str,
        log: &mpsc::Sender<&'static str>,
    ) -> Caller<'a> {
        let log = log.clone();
        Box::pin(self.pool.run(from, move |_, _| log.send(name).unwrap()))
    }
}

type Caller<'a> = Pin<Box<dyn Future<Output = Result<(), Busy>> + Send + 'a>>;

/// What a future answers by now.
async fn now<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

fn from(account: &str, host: u8) -> Source {
    Source::new(account, Some([192, 0, 2, host].into()))
}

fn password(text: &str) -> Password {
    Password::presented(text).unwrap()
}

const REFUSED: Poll<Result<(), Busy>> = Poll::Ready(Err(Busy { retry_after: DEADLINE }));

#[tokio::test]
async fn what_was_hashed_is_verified() {
    let Bench { pool, .. } = bench(1, 4);
    let alice = from("alice", 1);
    let hash = pool.hash(&alice, password("open sesame")).await.unwrap();
    for (stored, typed, matches) in [
        (Some(hash.clone()), "open sesame", true),
        (Some(hash), "open barley", false),
        (None, "open sesame", false),
    ] {
        let verified = pool.verify(&alice, stored, password(typed)).await.unwrap();
        assert_eq!(verified.matches, matches);
    }
}

#[tokio::test]
async fn one_caller_after_the_other_never_waits() {
    let Bench { pool, .. } = bench(1, 0);
    let alice = from("alice", 1);
    for _ in 0..1_000 {
        pool.run(&alice, |_, _| ()).await.unwrap();
    }
}

/// C064.
#[tokio::test]
async fn no_more_hashes_run_than_there_are_permits() {
    let bench = bench(2, 4);
    let first = bench.hold_permit().await;
    let _second = bench.hold_permit().await;
    let (log, done) = mpsc::channel();
    let alice = from("alice", 1);
    let mut third = bench.caller(&alice, "third", &log);
    assert!(now(&mut third).await.is_pending());
    assert_eq!(bench.waiting(), 1);
    drop(first);
    third.await.unwrap();
    assert_eq!(done.recv().unwrap(), "third");
}

#[tokio::test]
async fn where_a_permit_has_no_thread_nobody_waits_for_it() {
    let bench = bench(1, 4);
    let _held = bench.hold_permit().await;
    let (log, _done) = mpsc::channel();
    let alice = from("alice", 1);
    let mut waiting = bench.caller(&alice, "waiting", &log);
    assert!(now(&mut waiting).await.is_pending());
    bench.pool.shared.lay_down(Permit::default());
    assert_eq!(now(&mut waiting).await, REFUSED);
    assert_eq!(bench.waiting(), 0);
}

#[tokio::test]
async fn memory_is_given_back_once_nobody_has_logged_in_for_a_while() {
    let Bench { pool, .. } = bench(1, 4);
    let alice = Source::new("alice", None);
    let kib = || pool.run(&alice, |_, memory| memory.kib());
    assert_eq!(kib().await, Ok(0), "the decoy leaves nothing behind");
    pool.hash(&alice, Password::presented("a password").unwrap()).await.unwrap();
    pool.rest();
    assert_eq!(kib().await, Ok(8), "it was used since the last time");
    pool.rest();
    pool.rest();
    assert_eq!(kib().await, Ok(0));
}

/// Their priority is tested in `priority.rs`.
#[tokio::test]
async fn passwords_are_hashed_on_threads_of_the_pool_which_end_once_nobody_logs_in() {
    let Bench { pool, .. } = bench(1, 4);
    let thread = |_: &Hasher, _: &mut HashMemory| std::thread::current().name().map(str::to_owned);
    let thread = pool.run(&Source::new("alice", None), thread).await.unwrap();
    assert_eq!(thread.as_deref(), Some("hash"));
    let threads =
        || pool.shared.with(|state| state.idle.iter().flat_map(|one| &one.worker).count());
    assert_eq!(threads(), 1);
    pool.rest();
    pool.rest();
    assert_eq!(threads(), 0);
}

/// C064: every hash finds memory that is allocated already.
#[tokio::test]
async fn a_permit_keeps_its_memory_but_no_more_than_our_own_hashes_need() {
    let Bench { pool, .. } = bench(1, 4);
    let alice = from("alice", 1);
    let kib = || pool.run(&alice, |_, memory| memory.kib());
    let large = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$\
        0X6mNBypPaYHnqL2TcSqMd0ar5yqZ/tCrEr9BxRwbyY";
    pool.hash(&alice, password("open sesame")).await.unwrap();
    assert_eq!(kib().await, Ok(8));
    let imported = Some(StoredHash::new(large.to_owned()));
    pool.verify(&alice, imported, password("open sesame")).await.unwrap();
    assert_eq!(kib().await, Ok(0));
}

#[tokio::test]
async fn one_address_with_a_thousand_names_does_not_keep_others_out() {
    let bench = bench(1, 64);
    let permit = bench.hold_permit().await;
    let (log, done) = mpsc::channel();
    let flood: Vec<Source> = (0..1_000).map(|n| from(&format!("user{n}"), 66)).collect();
    let mut callers: Vec<_> = flood.iter().map(|it| bench.caller(it, "flood", &log)).collect();
    let mut refused = 0;
    for caller in &mut callers {
        refused += usize::from(now(caller).await == REFUSED);
    }
    assert_eq!(refused, 998);
    let alice = from("alice", 1);
    let mut caller = bench.caller(&alice, "alice", &log);
    assert!(now(&mut caller).await.is_pending());
    drop(permit);
    caller.await.unwrap();
    drop(log);
    // The first of the flood was there before her; the second was not served before her.
    assert_eq!(done.recv().unwrap(), "flood");
    assert_eq!(done.recv().unwrap(), "alice");
}

#[tokio::test]
async fn beyond_the_bound_of_the_queue_callers_are_refused_at_once() {
    let bench = bench(1, 3);
    let permit = bench.hold_permit().await;
    let (log, _done) = mpsc::channel();
    let sources: Vec<_> = (1..=5).map(|host| from(&format!("user{host}"), host)).collect();
    let mut callers: Vec<_> = sources.iter().map(|it| bench.caller(it, "", &log)).collect();
    for (position, caller) in callers.iter_mut().enumerate() {
        assert_eq!(now(caller).await == REFUSED, position >= 3, "{position}");
    }
    drop(permit);
    for caller in callers.into_iter().take(3) {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn for_a_caller_who_has_left_nothing_is_hashed() {
    let bench = bench(1, 4);
    let permit = bench.hold_permit().await;
    let (log, done) = mpsc::channel();
    let (alice, bob) = (from("alice", 1), from("bob", 2));
    let mut leaver = bench.caller(&alice, "left", &log);
    let mut stayer = bench.caller(&bob, "stayed", &log);
    assert!(now(&mut leaver).await.is_pending());
    assert!(now(&mut stayer).await.is_pending());
    drop(leaver);
    assert_eq!(bench.waiting(), 1);
    drop(permit);
    stayer.await.unwrap();
    drop(log);
    assert_eq!(done.iter().collect::<Vec<_>>(), ["stayed"]);
}

#[tokio::test]
async fn a_caller_whose_deadline_passes_is_told_so_and_not_hashed() {
    let bench = bench(1, 4);
    let permit = bench.hold_permit().await;
    let (log, done) = mpsc::channel();
    let (alice, bob) = (from("alice", 1), from("bob", 2));
    let mut early = bench.caller(&alice, "early", &log);
    assert!(now(&mut early).await.is_pending());
    bench.clock.advance(DEADLINE.saturating_sub(Duration::from_millis(1)));
    assert!(now(&mut early).await.is_pending());
    let mut late = bench.caller(&bob, "late", &log);
    assert!(now(&mut late).await.is_pending());
    bench.clock.advance(Duration::from_millis(1));
    // While the permit is still held.
    assert_eq!(now(&mut early).await, REFUSED);
    assert_eq!(bench.waiting(), 1);
    drop(permit);
    late.await.unwrap();
    drop((early, log));
    assert_eq!(done.iter().collect::<Vec<_>>(), ["late"]);
}

#[tokio::test]
async fn a_hash_that_has_begun_in_time_is_waited_for() {
    let bench = bench(1, 4);
    let permit = bench.hold_permit().await;
    let (gate, began) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let alice = from("alice", 1);
    let mut caller = Box::pin(bench.pool.run(&alice, move |_, _| {
        began.0.send(()).unwrap();
        gate.1.recv().is_err()
    }));
    assert!(now(&mut caller).await.is_pending());
    drop(permit);
    began.1.recv().unwrap();
    bench.clock.advance(2 * DEADLINE);
    assert!(now(&mut caller).await.is_pending());
    drop(gate.0);
    assert_eq!(caller.await, Ok(true));
}

#[tokio::test]
async fn a_panic_costs_its_caller_the_answer_and_nobody_the_permit() {
    let bench = bench(1, 4);
    let alice = from("alice", 1);
    let broken = bench.pool.run(&alice, |_, _| -> () { panic!("a bug in a hash") }).await;
    assert!(broken.is_err());
    assert_eq!(bench.pool.run(&alice, |_, _| 1).await, Ok(1));
}

#[tokio::test]
async fn waiting_and_refused_callers_are_measured() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let measured = |line: &str| recorder.handle().render().lines().any(|it| it == line);
    let bench = bench(1, 1);
    let _permit = bench.hold_permit().await;
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (log, _done) = mpsc::channel();
    let (alice, bob) = (from("alice", 1), from("bob", 2));
    let mut first = bench.caller(&alice, "", &log);
    let mut second = bench.caller(&bob, "", &log);
    assert!(now(&mut first).await.is_pending());
    assert!(measured("chancery_hash_queue_waiting 1"));
    assert!(!measured("chancery_hash_refused_total 1"));
    assert_eq!(now(&mut second).await, REFUSED);
    assert!(measured("chancery_hash_refused_total 1"));
    drop(first);
    assert!(measured("chancery_hash_queue_waiting 0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_storm_with_callers_leaving_every_permit_is_there_again() {
    let bench = bench(2, 1_000);
    let call = |n: u16| {
        let pool = bench.pool.clone();
        let from = Source::new(&n.to_string(), Some([198, 51, 100, n.to_be_bytes()[1]].into()));
        tokio::spawn(async move { pool.hash(&from, password("open sesame")).await.is_ok() })
    };
    let callers: Vec<_> = (0..500).map(call).collect();
    callers.iter().step_by(3).for_each(tokio::task::JoinHandle::abort);
    for (n, caller) in callers.into_iter().enumerate() {
        let served = caller.await.is_ok_and(|served| served);
        assert!(served || n % 3 == 0, "{n}");
    }
    let _first = bench.hold_permit().await;
    let _second = bench.hold_permit().await;
    assert_eq!(bench.waiting(), 0);
}
