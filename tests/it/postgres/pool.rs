//! The connections of a node: none is left in the middle of something, one that has ended is replaced,
//! and there are never more than allowed.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use chancery::env::{Clock as _, SystemClock};
use chancery::protocol::ids::SessionId;
use chancery::storage::ops::database::{ReadClock, TryWrite};
use chancery::storage::ops::feed::ReadHead;
use chancery::storage::ops::sessions::FindSession;
use chancery::storage::{DatabaseUrl, StorageError, Store, StoreOptions, Stored};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use super::BACKEND;
use crate::support::{Raw, TestServer};

/// A store whose connections the database knows by a name, and two connections beside it: one that
/// looks at them, and one that is in their way.
struct Scene {
    store: Store,
    look: Raw,
    holder: Raw,
    _server: TestServer,
}

impl Scene {
    /// `None` if there is no database, which was said.
    async fn start(connections: u32) -> Option<Self> {
        Self::with(connections, PATIENCE).await
    }

    async fn with(connections: u32, acquire_timeout: Duration) -> Option<Self> {
        let server = TestServer::start(BACKEND).await?;
        let mut url = Url::parse(&server.url_text()).unwrap();
        url.query_pairs_mut().append_pair("application_name", NAME);
        let url = DatabaseUrl::parse(url.as_str()).unwrap();
        let options = StoreOptions { connections, acquire_timeout, ..StoreOptions::default() };
        let store = Store::open(&url, options, || SystemClock::start().now().into()).await.unwrap();
        let (look, holder) = (server.raw().await, server.raw().await);
        Some(Self { store, look, holder, _server: server })
    }

    /// How many of the store's connections are in this state.
    async fn count(&mut self, state: &str) -> i64 {
        self.look.number(&format!("SELECT COUNT(*) FROM {OURS} AND {state}")).await
    }

    /// Waits until so many are.
    async fn until(&mut self, number: i64, state: &str) {
        let found = async {
            while self.count(state).await != number {
                tokio::task::yield_now().await;
            }
        };
        let found = timeout(PATIENCE, found).await;
        assert!(found.is_ok(), "there are not {number}: {state}");
    }

    /// The process of the database behind the one connection that there is.
    async fn process(&mut self) -> i64 {
        assert_eq!(self.count(OPEN).await, 1);
        self.look.number(&format!("SELECT pid::bigint FROM {OURS}")).await
    }

    /// Opens all connections, by having each held up while the next is asked for.
    async fn open(&mut self) {
        self.holder.run("BEGIN; LOCK TABLE feed_head").await;
        let mut readers = self.readers(ALL as usize);
        self.until(ALL.into(), HELD).await;
        self.holder.run("ROLLBACK").await;
        while let Some(read) = readers.join_next().await {
            read.unwrap().unwrap();
        }
    }

    /// Ends connections as an administrator of the database does.
    async fn end(&mut self, at_most: u32) {
        let left = (self.count(OPEN).await - i64::from(at_most)).max(0);
        let end = format!(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM \
             (SELECT pid FROM {OURS} ORDER BY pid LIMIT {at_most}) AS ours"
        );
        self.look.number(&end).await;
        self.until(left, OPEN).await;
    }

    /// Asks, drops whoever asks while the database lets him wait, and waits until nothing is left of
    /// it.
    async fn drop_while_held<O: Stored>(&mut self, operation: O, table: &str) {
        self.holder.run(&format!("BEGIN; LOCK TABLE {table}")).await;
        let store = self.store.clone();
        let caller = tokio::spawn(async move { store.write(operation).await.map(drop) });
        self.until(1, HELD).await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        self.holder.run("ROLLBACK").await;
        self.until(1, IDLE).await;
    }

    /// So many who read what nobody may read at the moment.
    fn readers(&self, number: usize) -> JoinSet<Result<(), StorageError>> {
        let read = |store: Store| async move { store.read(ReadHead).await.map(drop) };
        (0..number).map(|_| read(self.store.clone())).collect()
    }
}

#[tokio::test]
async fn who_is_dropped_in_the_middle_leaves_nothing_open_and_his_connection_to_the_next() {
    let Some(mut scene) = Scene::start(1).await else { return };
    let process = scene.process().await;
    // In a transaction, and in one statement that is none.
    scene.drop_while_held(TryWrite, "setting").await;
    scene.drop_while_held(ReadHead, "feed_head").await;
    let left = "SELECT COUNT(*) FROM setting WHERE name = 'try_write'";
    assert_eq!(scene.look.number(left).await, 0);
    scene.store.write(TryWrite).await.unwrap();
    assert!(scene.store.read(ReadClock).await.unwrap().millis() > 0);
    assert_eq!(scene.process().await, process);
}

#[tokio::test]
async fn wherever_a_caller_is_dropped_the_next_is_in_nobody_elses_transaction() {
    let Some(mut scene) = Scene::start(1).await else { return };
    let process = scene.process().await;
    let mut most = 0;
    // To begin, to write and to commit are steps, of which there are fewer where an answer is there before
    // anybody waits for it.
    for _ in 0..ROUNDS {
        let mut steps = 1;
        while !is_over_after(steps, scene.store.write(TryWrite)).await {
            // On the only connection, and so after whatever was sent before.
            scene.store.read(ReadClock).await.unwrap();
            assert_eq!(scene.count(IDLE).await, 1, "a transaction is open after {steps} steps");
            assert_eq!(scene.process().await, process);
            steps += 1;
        }
        most = most.max(steps);
    }
    assert!(most > 1, "nobody ever waited");
    scene.store.write(TryWrite).await.unwrap();
}

#[tokio::test]
async fn connections_that_the_database_has_ended_refuse_no_reader_and_no_transaction() {
    let Some(mut scene) = Scene::start(ALL).await else { return };
    scene.open().await;
    scene.end(ALL).await;
    for _ in 0..ALL {
        scene.store.write(TryWrite).await.unwrap();
    }
    scene.open().await;
    scene.end(ALL).await;
    for _ in 0..ALL {
        scene.store.read(ReadClock).await.unwrap();
    }
    // Also at once: who has another connection goes on.
    scene.open().await;
    scene.end(1).await;
    let asked = join_all((0..2 * ALL).map(|_| scene.store.read(ReadClock))).await;
    assert!(asked.iter().all(Result::is_ok));
}

/// Nobody waits twice: what could not go with others in time does not wait again alone.
#[tokio::test]
async fn without_a_connection_in_time_nothing_is_done_and_the_next_is_served() {
    let Some(mut scene) = Scene::with(1, Duration::from_millis(400)).await else { return };
    scene.store.read(ReadClock).await.unwrap();
    scene.holder.run("BEGIN; LOCK TABLE feed_head").await;
    let mut held = scene.readers(1);
    scene.until(1, HELD).await;
    let find = || FindSession(SessionId::from_bytes([1; 16]));
    let (write, read, found) = tokio::join!(
        scene.store.write(TryWrite),
        scene.store.read(ReadClock),
        scene.store.read(find()),
    );
    assert_eq!((unavailable(write), unavailable(read), unavailable(found)), (1, 1, 1));
    scene.holder.run("ROLLBACK").await;
    held.join_next().await.unwrap().unwrap().unwrap();
    scene.store.read(find()).await.unwrap();
    scene.store.write(TryWrite).await.unwrap();
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed_also_where_callers_come_and_go() {
    let Some(mut scene) = Scene::start(3).await else { return };
    scene.holder.run("BEGIN; LOCK TABLE feed_head").await;
    let mut gone = scene.readers(20);
    scene.until(3, HELD).await;
    gone.shutdown().await;
    let mut others = scene.readers(20);
    scene.until(3, HELD).await;
    scene.holder.run("ROLLBACK").await;
    while let Some(read) = others.join_next().await {
        read.unwrap().unwrap();
    }
    // None is closed before its time: so many were open at most.
    assert_eq!(scene.count(OPEN).await, 3);
    scene.until(3, IDLE).await;
}

#[tokio::test]
async fn closing_waits_for_who_is_on_his_way_and_refuses_whoever_comes_later() {
    let Some(mut scene) = Scene::start(2).await else { return };
    let (store, done) = (scene.store.clone(), Cell::new(false));
    scene.holder.run("BEGIN; LOCK TABLE feed_head").await;
    let caller = async {
        store.read(ReadHead).await.unwrap();
        done.set(true);
    };
    let closing = async {
        scene.until(1, HELD).await;
        let mut close = pin!(store.close());
        assert!(close.as_mut().now_or_never().is_none());
        let mut later = pin!(store.read(ReadClock));
        assert!(later.as_mut().now_or_never().is_none());
        scene.holder.run("ROLLBACK").await;
        close.await;
        assert!(done.get(), "it has waited");
        assert_eq!(unavailable(later.await), 1);
    };
    tokio::join!(caller, closing);
    scene.until(0, OPEN).await;
    let find = FindSession(SessionId::from_bytes([1; 16]));
    assert_eq!(unavailable(store.read(ReadClock).await), 1);
    assert_eq!(unavailable(store.write(TryWrite).await), 1);
    assert_eq!(unavailable(store.read(find).await), 1);
    assert_eq!(scene.count(OPEN).await, 0);
}

/// Drops an operation as soon as it waits for the so-manieth time; answers whether it was over before.
async fn is_over_after<T>(
    steps: usize,
    operation: impl Future<Output = Result<T, StorageError>>,
) -> bool {
    let mut operation = pin!(operation);
    let mut taken = 0;
    poll_fn(|context| match operation.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(result.map(|_| true).unwrap()),
        Poll::Pending => {
            taken += 1;
            if taken == steps { Poll::Ready(false) } else { Poll::Pending }
        }
    })
    .await
}

/// Counts a refusal that says that nothing was done; there is to be no other.
fn unavailable<T>(result: Result<T, StorageError>) -> u32 {
    match result {
        Ok(_) => 0,
        Err(StorageError::Unavailable(_)) => 1,
        Err(error) => panic!("{error}"),
    }
}

const NAME: &str = "chancery-pool";
const OURS: &str = "pg_stat_activity WHERE application_name = 'chancery-pool' \
                    AND datname = current_database()";
const OPEN: &str = "TRUE";
const IDLE: &str = "state = 'idle'";
const HELD: &str = "wait_event_type = 'Lock'";
const ALL: u32 = 8;
const ROUNDS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(15);
