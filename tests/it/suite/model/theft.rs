//! A thief with a copy of a token who goes his own way: sooner or later he and his victim meet, and
//! both are cut off.

use chancery::protocol::session::EndReason;

use super::run::Run;

struct Holder {
    name: &'static str,
    token: String,
    /// In how many seconds he refreshes next.
    due: u64,
}

pub(super) async fn play(run: &mut Run<'_>) {
    let mut token = run.tokens[0].clone();
    for _ in 0..run.dice.between(0, 3) {
        token = run.present("the victim", &token).await.unwrap();
        let pause = run.dice.between(60, 3_000);
        run.wait(pause);
    }
    let mut holders = ["the victim", "the thief"].map(|name| Holder {
        name,
        token: token.clone(),
        due: run.dice.between(0, 1_800),
    });
    for _ in 0..TURNS {
        holders.sort_by_key(|holder| holder.due);
        let soon = holders[0].due;
        run.wait(soon);
        holders[1].due -= soon;
        let pause = run.dice.between(40, 1_800);
        let answer_is_lost = run.dice.chance(20);
        let now = &mut holders[0];
        let received = run.present(now.name, &now.token).await;
        if run.row.ended {
            break;
        }
        // Whoever has lost an answer comes back soon, with the same token.
        (now.token, now.due) = match received.filter(|_| !answer_is_lost) {
            Some(received) => (received, pause),
            None => (now.token.clone(), pause.min(60)),
        };
    }
    run.check(run.row.ended, "a thief was never noticed");
    let ending = run.ending().await;
    run.check(ending == Some(EndReason::Reuse), &format!("{ending:?}"));
    for holder in &holders {
        let refused = run.present(holder.name, &holder.token).await.is_none();
        run.check(refused, "a token of a stolen session works");
    }
}

/// Meeting within the echo window every time is not to be expected so often.
const TURNS: usize = 60;
