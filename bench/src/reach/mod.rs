//! How long it takes from the beginning of an administrator's revocation until APIs refuse the token.

mod admin;
mod api;
mod database;
mod node;

use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;

use crate::figures::{Failure, Samples, now, print_table, show};
use admin::Admin;
use api::{Api, Crowd, Follow};
use database::Cluster;
use node::Node;

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many revocations to make for each row.
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// How many streams are open on one node, one row for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 1_000])]
    subscribers: Vec<usize>,
    /// How many revocations to make for the rows in which an API waits for its next look, or connects
    /// anew.
    #[arg(long, default_value_t = 40)]
    slow_rounds: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    node::build()?;
    Builder::new_multi_thread().enable_all().build()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    println!("### From the revocation to the refusal\n");
    let head = ["", "p50", "p99", "max", "refusals measured"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for subscribers in &arguments.subscribers {
        let name = format!("one node on SQLite, {subscribers} streams");
        let node = Node::embedded().await?;
        let reached = streams((&node, &node), *subscribers, arguments.rounds).await?;
        table.push(row(&name, &reached));
    }
    let cluster = Cluster::start()?;
    let (there, here) = Node::pair(&cluster).await?;
    let reached = streams((&there, &here), 100, arguments.rounds).await?;
    table.push(row("two nodes on PostgreSQL, 100 streams on the other one", &reached));
    let node = Node::embedded().await?;
    let reached = polling(&node, arguments.slow_rounds).await?;
    table.push(row("one node, no stream: asked for once a second", &reached));
    let (away, back) = reconnecting(&node, arguments.slow_rounds).await?;
    table.push(row("revoked while the API was away, from its return on", &away));
    table.push(row("revoked as soon as the API is back", &back));
    print_table(&table);
    Ok(())
}

/// Revokes at the one node, while the streams are open at the other, which may be the same.
async fn streams(
    (revoking, serving): (&Node, &Node),
    subscribers: usize,
    rounds: usize,
) -> Result<Samples, Failure> {
    let mut admin = Admin::login(revoking).await?;
    // Some are whole APIs and the others only read, or this machine would be measured doing the work
    // of a thousand APIs.
    let verifying = subscribers.min(VERIFYING);
    let (mut apis, mut crowd) = (Vec::new(), Crowd::default());
    for number in 0..verifying {
        let others = (subscribers - verifying) / verifying;
        crowd.join(serving, others).await?;
        apis.push(Api::start(serving, number, Follow::Stream).await?);
    }
    let mut reached = Vec::new();
    for _ in 0..rounds {
        reached.extend(one(&mut admin, &apis).await?);
    }
    crowd.check(subscribers - verifying)?;
    Samples::of(reached)
}

async fn polling(node: &Node, rounds: usize) -> Result<Samples, Failure> {
    let mut admin = Admin::login(node).await?;
    let mut apis = Vec::new();
    for number in 0..VERIFYING {
        apis.push(Api::start(node, number, Follow::Poll).await?);
    }
    let mut reached = Vec::new();
    for _ in 0..rounds {
        reached.extend(one(&mut admin, &apis).await?);
    }
    Samples::of(reached)
}

/// An API that comes back with nothing: a revocation that it missed, and the first one after.
async fn reconnecting(node: &Node, rounds: usize) -> Result<(Samples, Samples), Failure> {
    let mut admin = Admin::login(node).await?;
    let (mut away, mut back) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let missed = admin.token().await?;
        admin.revoke(&missed).await?;
        let start = now();
        let api = Api::start(node, 0, Follow::Stream).await?;
        api.refuses(&missed).await?;
        away.push(start.elapsed());
        back.extend(one(&mut admin, &[api]).await?);
    }
    Ok((Samples::of(away)?, Samples::of(back)?))
}

/// Revokes one token that all of the APIs accept, and answers when each of them refused it.
async fn one(admin: &mut Admin, apis: &[Api]) -> Result<Vec<Duration>, Failure> {
    let token = admin.token().await?;
    for api in apis {
        api.accepts(&token).await?;
    }
    let waiting: Vec<_> = apis.iter().map(|api| api.wait_for_refusal(&token)).collect();
    let start = now();
    admin.revoke(&token).await?;
    let mut reached = Vec::new();
    for refused in waiting {
        reached.push(refused.await?.duration_since(start));
    }
    Ok(reached)
}

fn row(name: &str, reached: &Samples) -> Vec<String> {
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| show(reached.quantile(share)));
    vec![name.to_owned(), p50, p99, max, reached.len().to_string()]
}

const VERIFYING: usize = 10;
