//! How long it takes from the beginning of an administrator's revocation until APIs refuse the token.

mod admin;
mod api;
mod relay;

use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;

use crate::figures::{Failure, Samples, now, print_table, show};
use crate::stage::{Cluster, Node, build};
use admin::Admin;
use api::{Api, Crowd, Follow};
use relay::node_behind_a_relay;

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
    build()?;
    Builder::new_multi_thread().enable_all().build()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    check_files(arguments.subscribers.iter().max().copied().unwrap_or(0))?;
    println!("### From the revocation to the refusal\n");
    let head = ["", "p50", "p99", "max", "revocations × APIs"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for subscribers in &arguments.subscribers {
        let name = format!("one node on SQLite, {subscribers} streams");
        let node = Node::embedded().await?;
        let reached = streams((&node, &node), *subscribers, arguments.rounds).await?;
        table.push(row(&name, &reached, arguments.rounds));
    }
    let cluster = Cluster::start()?;
    let (there, here) = Node::pair(&cluster).await?;
    let reached = streams((&there, &here), 100, arguments.rounds).await?;
    table.push(row(
        "two nodes on PostgreSQL, 100 streams on the other",
        &reached,
        arguments.rounds,
    ));
    let rounds = arguments.slow_rounds;
    let node = Node::embedded().await?;
    let reached = polling(&node, rounds).await?;
    table.push(row("one node, no stream: asked for once a second", &reached, rounds));
    let (away, back) = cut_off(rounds).await?;
    table.push(row("revoked while the way was cut, from its mending on", &away, rounds));
    table.push(row("revoked as soon as the stream is back", &back, rounds));
    let reached = starting(&node, rounds).await?;
    table.push(row("revoked before the API started, from its start on", &reached, rounds));
    print_table(&table);
    println!(
        "Of 100 and of 1,000 streams {VERIFYING} are whole APIs, and the others are only read. A figure \
         is the time from the beginning of the administrator's request to the first refusal at one API."
    );
    Ok(())
}

/// Each stream is a file of the node and one of this process.
fn check_files(streams: usize) -> Result<(), Failure> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).ok_or("no limit on files")?;
    match soft.parse::<usize>() {
        Ok(soft) if soft < streams + 200 => {
            Err(format!("only {soft} files may be open: `ulimit -n 20000` allows more").into())
        }
        _ => Ok(()),
    }
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
    for round in 0..rounds {
        // At every phase of the interval alike, which the last refusal would fix otherwise.
        let share = f64::from(u32::try_from(round)?) * GOLDEN_RATIO;
        tokio::time::sleep(LONGEST_POLL.mul_f64(share.fract())).await;
        reached.extend(one(&mut admin, &apis).await?);
    }
    Samples::of(reached)
}

/// The way to an API is cut, and mended after a revocation that it cannot have heard of; then one
/// more.
async fn cut_off(rounds: usize) -> Result<(Samples, Samples), Failure> {
    let (node, relay) = node_behind_a_relay().await?;
    let mut admin = Admin::login(&node).await?;
    let api = [Api::start(&node, 0, Follow::Stream).await?];
    let (mut away, mut back) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let missed = admin.token().await?;
        api[0].accepts(&missed).await?;
        relay.cut();
        api[0].is_cut_off().await?;
        admin.revoke(&missed).await?;
        let refused = api[0].wait_for_refusal(&missed);
        let start = now();
        relay.mend();
        away.push(refused.await?.duration_since(start));
        api[0].is_streaming().await?;
        back.extend(one(&mut admin, &api).await?);
    }
    Ok((Samples::of(away)?, Samples::of(back)?))
}

/// An API that starts with nothing: discovery, keys and snapshot come first.
async fn starting(node: &Node, rounds: usize) -> Result<Samples, Failure> {
    let mut admin = Admin::login(node).await?;
    let mut reached = Vec::new();
    for _ in 0..rounds {
        let missed = admin.token().await?;
        admin.revoke(&missed).await?;
        let start = now();
        let api = Api::start(node, 0, Follow::Stream).await?;
        api.refuses(&missed).await?;
        reached.push(start.elapsed());
    }
    Samples::of(reached)
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

fn row(name: &str, reached: &Samples, revocations: usize) -> Vec<String> {
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| show(reached.quantile(share)));
    // Of fewer it would be the maximum.
    let p99 = if reached.len() < 100 { "–".to_owned() } else { p99 };
    let measured = format!("{revocations} × {}", reached.len() / revocations.max(1));
    vec![name.to_owned(), p50, p99, max, measured]
}

const VERIFYING: usize = 10;
/// The client asks once a second, give or take a half.
const LONGEST_POLL: Duration = Duration::from_millis(1500);
/// Its multiples spread more evenly over 0 to 1 than chance would.
const GOLDEN_RATIO: f64 = 0.618_033_988_749_895;
