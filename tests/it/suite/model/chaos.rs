//! Anybody with any token at any time, and everything that may befall a session or a database.

use chancery::flows::admin::users::UserChange;
use chancery::flows::admin::{By, sessions};
use chancery::protocol::client::ClientStatus;

use super::oracle::{Expected, Row};
use super::run::Run;

pub(super) async fn play(run: &mut Run<'_>) {
    let mut copy: Option<(Row, u32)> = None;
    let row = row_of(run);
    for _ in 0..run.dice.between(6, 16) {
        let token = any_token(run);
        match run.dice.between(0, 99) {
            0..=39 => drop(run.present("somebody", &token).await),
            40..=49 => drop(all_at_once(run, &token, 4).await),
            50..=56 => two_at_once(run, &token).await,
            57..=79 => {
                let pause = *run.dice.pick(&[1, 4, 6, 29, 31, 60, 300, 599, 601, 4_000]);
                run.wait(pause);
            }
            80..=82 => {
                let step = *run.dice.pick(&[-3_600, -31, 31, 3_600]);
                run.step_clock(step);
            }
            83..=84 => while_paused(run, &token).await,
            85..=88 => end(run, &token).await,
            89..=91 => end_beside(run, &token).await,
            _ => match copy.take() {
                None => {
                    run.note("a backup is taken".to_owned());
                    run.world.raw.keep("session", &row).await;
                    copy = Some((run.row.clone(), run.user_changes));
                }
                Some((lost_to, user_changes)) => {
                    run.note("the database falls back to it".to_owned());
                    run.world.raw.put_back("session", &row).await;
                    // The user's own row was not lost.
                    let outlived = lost_to.outlived || user_changes < run.user_changes;
                    run.row = Row { outlived, ..lost_to };
                    run.forget_generations();
                }
            },
        }
    }
    if copy.is_some() {
        run.world.raw.run("DROP TABLE kept_session").await;
    }
}

fn row_of(run: &Run<'_>) -> String {
    format!("id = {}", run.world.raw.bytes(run.sid.as_bytes()))
}

/// A newer token is more likely.
fn any_token(run: &mut Run<'_>) -> String {
    let newest: Vec<String> = run.tokens.iter().rev().take(3).cloned().collect();
    let all = run.tokens.clone();
    let from = if run.dice.chance(75) { &newest } else { &all };
    run.dice.pick(from).clone()
}

/// Several requests with one token on both nodes: all are given the same, or all are refused.
pub(super) async fn all_at_once(run: &mut Run<'_>, token: &str, count: usize) -> Option<String> {
    let before = run.traces().await;
    let nodes = &run.world.nodes;
    let requests: Vec<_> = (0..count).map(|index| nodes[index % 2].refresh(token)).collect();
    let replies = together(requests).await;
    let expected = run.row.expected(token, run.now());
    run.note(format!("{count} at once present one token: {expected:?}"));
    let first = run.judge(token, (expected, before), &replies[0]).await;
    for reply in &replies[1..] {
        let received = reply.status.is_success().then(|| reply.tokens().refresh);
        run.check(received == first, &format!("not all the same: {replies:?}"));
    }
    first
}

/// Two different tokens at once. What the rules say depends on the order, and whoever lost a race
/// may be asked to come again; so only what holds in every order is checked.
async fn two_at_once(run: &mut Run<'_>, one: &str) {
    let other = any_token(run);
    let may_end = ends(&run.row, one, &other, run.now()) || ends(&run.row, &other, one, run.now());
    let was_over = run.row.ended;
    let nodes = &run.world.nodes;
    let replies = together(vec![nodes[0].refresh(one), nodes[1].refresh(&other)]).await;
    for (token, reply) in [one, &other].iter().zip(&replies) {
        if reply.status.is_success() {
            run.record(token, reply);
        }
        let known = [200, 400, 503].contains(&reply.status.as_u16());
        run.check(known, &format!("{reply:?}"));
    }
    run.read_row().await;
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    run.note(format!("two tokens at once: {statuses:?}"));
    run.check(!was_over || run.row.ended, "a session came back");
    run.check(may_end || !run.row.ended, "no order of these ends the session");
    run.note_loss().await;
}

/// Whether the session is over when `first` is presented before `second`.
fn ends(row: &Row, first: &str, second: &str, now: i64) -> bool {
    let mut row = row.clone();
    match row.expected(first, now) {
        Expected::Dead | Expected::Reuse | Expected::Regressed => return true,
        Expected::Rotation => {
            row.generation += 1;
            row.leaves.clear();
            row.parent = Some(first.to_owned());
            (row.rotated_at, row.reissued_at) = (now, now);
        }
        Expected::Retry => {}
    }
    matches!(row.expected(second, now), Expected::Reuse | Expected::Regressed)
}

async fn together<F: Future>(requests: Vec<F>) -> Vec<F::Output> {
    let mut requests: Vec<_> = requests.into_iter().map(Box::pin).collect();
    let mut replies: Vec<Option<F::Output>> = requests.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (request, reply) in requests.iter_mut().zip(&mut replies) {
            if reply.is_none()
                && let std::task::Poll::Ready(ready) = request.as_mut().poll(context)
            {
                *reply = Some(ready);
            }
        }
        if replies.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    replies.into_iter().flatten().collect()
}

/// A paused client gets nothing, and nothing happens to its session.
async fn while_paused(run: &mut Run<'_>, token: &str) {
    run.set_client(ClientStatus::Paused).await;
    let before = run.traces().await;
    for node in 0..2 {
        let reply = run.world.nodes[node].refresh(token).await;
        run.check(reply.status == 401, &format!("{reply:?}"));
    }
    let same = run.traces().await == before;
    run.check(same, "a refusal has left a trace");
    run.set_client(ClientStatus::Active).await;
}

async fn end(run: &mut Run<'_>, token: &str) {
    let how = run.dice.between(0, 3);
    run.note(format!("the session ends by {how}"));
    end_by(run, how, token).await;
    run.row.ended = true;
    if how >= 2 {
        run.row.outlived = true;
    }
}

async fn end_by(run: &mut Run<'_>, how: u64, token: &str) {
    match how {
        0 => run.world.nodes[1].revoke(token).await,
        1 => {
            let server = &run.world.nodes[1].server;
            sessions::end(server, &By::command_line(), run.sid).await.unwrap();
        }
        2 => {
            run.user_changes += 1;
            run.change_user(UserChange::Disable).await;
            run.change_user(UserChange::Enable).await;
        }
        _ => {
            run.user_changes += 1;
            run.change_user(UserChange::LogoutEverywhere).await;
        }
    }
}

/// A refresh and an ending at once: in either order the session is over.
async fn end_beside(run: &mut Run<'_>, token: &str) {
    let nodes = &run.world.nodes;
    let refresh = nodes[0].refresh(token);
    let (reply, ()) = if run.dice.chance(50) {
        tokio::join!(refresh, nodes[1].revoke(token))
    } else {
        let (done, reply) = tokio::join!(nodes[1].revoke(token), refresh);
        (reply, done)
    };
    run.note(format!("a refresh and a revocation at once: {}", reply.status));
    if reply.status.is_success() {
        run.record(token, &reply);
    }
    run.read_row().await;
    run.check(run.row.ended, "a revocation lost against a refresh");
    run.note_loss().await;
}
