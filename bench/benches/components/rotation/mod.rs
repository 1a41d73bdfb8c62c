//! Rotations in storage, beside the same statement by the driver alone. Commits are durable.

mod bare;
mod own;

use tokio::runtime::Runtime;

use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::stage::Stage;
use crate::suite::{Bencher, Suite};

use bare::{BarePostgres, BareSqlite};
use own::Own;

/// The driver has one connection, and runs as many as there are at once in one transaction.
pub(crate) fn on_sqlite(suite: &mut Suite, stage: &Stage) {
    for (clock, by) in CLOCKS {
        let with = (&stage.runtime, clock);
        for at_once in [1, 64] {
            let bare = || vec![BareSqlite::new(stage, at_once)];
            suite
                .of(format!("rotate on SQLite, {at_once} at once{by}"))
                .each(at_once)
                .bare("`sqlx`, one transaction", rotate(with, bare))
                .own("`Store::write`", rotate(with, || Own::several(stage, at_once)));
        }
    }
}

/// The driver has as many connections as there are at once.
pub(crate) fn on_postgres(suite: &mut Suite) {
    let cluster = match Cluster::start() {
        Ok(cluster) => cluster,
        Err(error) => return eprintln!("Without rotations on PostgreSQL: {error}"),
    };
    let stage = Stage::on_postgres(&cluster.url());
    for (clock, by) in CLOCKS {
        let with = (&stage.runtime, clock);
        for at_once in [1, 8] {
            let bare = || BarePostgres::several(&stage, &cluster.url(), at_once);
            suite
                .of(format!("rotate on PostgreSQL, {at_once} at once{by}"))
                .each(at_once)
                .bare("`sqlx`, a connection each", rotate(with, bare))
                .own("`Store::write`", rotate(with, || Own::several(&stage, at_once)));
        }
    }
}

/// What is rotated again and again.
trait Chain: Send + 'static {
    /// To the next generation, durably.
    fn rotate(&mut self) -> impl Future<Output = ()> + Send;
}

/// One run rotates every chain once. None waits for the others, as clients do not. They begin when they
/// are first asked for, and go on in every further sample.
fn rotate<C: Chain>(
    (runtime, clock): (&Runtime, Clock),
    begin: impl Fn() -> Vec<C>,
) -> impl FnMut(&mut Bencher<'_>) {
    let mut kept = None;
    move |b| {
        let chains = kept.get_or_insert_with(&begin);
        b.iter_custom(|runs| {
            let start = clock.now();
            runtime.block_on(async {
                let tasks = chains.drain(..).map(|mut chain| {
                    tokio::spawn(async move {
                        for _ in 0..runs {
                            chain.rotate().await;
                        }
                        chain
                    })
                });
                for task in tasks.collect::<Vec<_>>() {
                    chains.push(task.await.unwrap());
                }
            });
            clock.since(start)
        });
    }
}

const CLOCKS: [(Clock, &str); 2] = [(Clock::Time, " (time)"), (Clock::Processor, "")];
