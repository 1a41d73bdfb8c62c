//! One client whose tabs share a store, on a bad network: whatever happens to its answers and
//! requests, it is never logged out while it comes back within the window.

use chancery::protocol::client::ClientStatus;

use super::run::Run;

/// How long a round of retries may take in all, in seconds.
const WINDOW: u64 = 590;

pub(super) async fn play(run: &mut Run<'_>) {
    let mut shared = run.tokens[0].clone();
    for _ in 0..run.dice.between(3, 7) {
        let read = shared.clone();
        let (received, left) = refresh(run, &read).await;
        delayed_duplicates(run, &read, left).await;
        shared = received;
        match run.dice.between(0, 9) {
            0 => {
                run.set_client(ClientStatus::Paused).await;
                run.set_client(ClientStatus::Active).await;
            }
            1 => run.step_clock(-3600),
            2 => run.step_clock(3600),
            _ => {}
        }
        let pause = *run.dice.pick(&[0, 1, 60, 240, 3_000, 86_400]);
        run.wait(pause);
    }
    must(run, "the client", &shared).await;
}

/// Gets a new token for `read` somehow; answers it, and how much of the window is left.
async fn refresh(run: &mut Run<'_>, read: &str) -> (String, u64) {
    match run.dice.between(0, 3) {
        0 => burst(run, read).await,
        1 => two_tabs(run, read).await,
        _ => until_an_answer_arrives(run, read).await,
    }
}

/// Three of five answers are lost.
async fn until_an_answer_arrives(run: &mut Run<'_>, read: &str) -> (String, u64) {
    let mut left = WINDOW;
    loop {
        let received = must(run, "the client", read).await;
        let pause = run.dice.between(0, 120);
        if pause > left || run.dice.chance(40) {
            return (received, left);
        }
        run.note("the answer is lost".to_owned());
        left -= pause;
        run.wait(pause);
        let step = run.dice.between(0, 60);
        if run.dice.chance(10) {
            run.step_clock(-600);
        } else if run.dice.chance(10) && step <= left {
            left -= step;
            run.step_clock(step.cast_signed());
        }
    }
}

/// Several tabs at once: they are all given the same.
async fn burst(run: &mut Run<'_>, read: &str) -> (String, u64) {
    run.world.put_clock_right().await;
    let tabs = usize::try_from(run.dice.between(2, 5)).unwrap();
    let received = super::chaos::all_at_once(run, read, tabs).await;
    (received.unwrap_or_else(|| run.fail("a tab was logged out")), WINDOW)
}

/// Two tabs that have read the same; either answer may be the one that stays in the store.
async fn two_tabs(run: &mut Run<'_>, read: &str) -> (String, u64) {
    let one = must(run, "the first tab", read).await;
    let apart = *run.dice.pick(&[0, 1, 4, 10, 29, 31, 100, 300]);
    run.wait(apart);
    let other = must(run, "the second tab", read).await;
    (if run.dice.chance(50) { one } else { other }, WINDOW - apart)
}

/// Copies of a request that arrive only now, whose answers nobody waits for.
async fn delayed_duplicates(run: &mut Run<'_>, read: &str, mut left: u64) {
    for _ in 0..run.dice.between(0, 2) {
        let pause = run.dice.between(0, left);
        left -= pause;
        run.wait(pause);
        must(run, "a stalled duplicate", read).await;
    }
}

async fn must(run: &mut Run<'_>, who: &str, token: &str) -> String {
    run.world.put_clock_right().await;
    match run.present(who, token).await {
        Some(received) => received,
        None => run.fail("a benign client was logged out"),
    }
}
