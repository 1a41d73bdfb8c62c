//! What requests cost while the tables grow: the same loads on a small database and on a large one, by
//! turns, and beside the janitor.

mod arguments;
mod bulk;
mod fill;
mod grown;
mod janitor;
mod loads;
mod room;
mod server;
mod wander;

use std::time::Duration;

use tokio::runtime::Builder;

use self::grown::Taken;
use self::loads::Loads;
use self::server::Server;
use super::{Database, own_processor};
use crate::figures::{Failure, print_table};
use crate::stage::{Cluster, build};
pub(crate) use arguments::{Arguments, CHAINS, Sizes};
pub(crate) use grown::{Grown, What, all};

/// What to measure, and how.
pub(crate) struct Growth {
    pub(crate) sizes: Sizes,
    /// How many sessions are refreshed or revoked, on the largest database.
    pub(crate) chains: usize,
    pub(crate) connections: usize,
    /// For how long a load is on before it is measured, and for how long it is measured.
    pub(crate) time: [Duration; 2],
    pub(crate) runs: usize,
    /// How many expired sessions the janitor finds.
    pub(crate) expired: u64,
    /// The processor that the server has to itself.
    pub(crate) processor: Option<usize>,
}

/// Measures what the arguments name, and prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.sizes.check()?;
    build()?;
    let growth = arguments.growth(own_processor());
    let measured = async {
        let mut rows = Vec::new();
        for database in &arguments.database {
            rows.extend(growth.measure(*database).await?);
        }
        Ok::<_, Failure>(rows)
    };
    let rows = Builder::new_current_thread().enable_all().build()?.block_on(measured)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_table(&all(&rows));
    }
    Ok(())
}

impl Growth {
    /// Fills a database of each size, and puts one load after the other on them, by turns.
    pub(crate) async fn measure(&self, database: Database) -> Result<Vec<Grown>, Failure> {
        let sizes = self.sizes.all();
        // Each size has a cluster of its own, which takes its data with it.
        let cluster = |_| (database == Database::Postgres).then(Cluster::start).transpose();
        let clusters = sizes.iter().map(cluster).collect::<Result<Vec<_>, _>>()?;
        let mut servers = Vec::new();
        for (size, cluster) in sizes.iter().zip(&clusters) {
            servers.push((Server::grow(self, *size, cluster.as_ref()).await?, Loads::default()));
        }
        let mut taken = Vec::new();
        // One after the other, since what logins make is more than what was there of the fewest.
        for what in What::LOADS {
            for number in 0..self.runs {
                for (server, loads) in &mut servers {
                    taken.push(loads.put(self, server, (what, number)).await?);
                }
            }
        }
        if let Some((server, _)) = servers.last_mut().filter(|_| self.expired > 0) {
            taken.extend(janitor::beside(self, server).await?);
        }
        Ok(Taken::rows(taken))
    }
}
