//! Random interleavings of everybody who may hold a refresh token, and of what may happen to the
//! server meanwhile, against an oracle that knows the rules and nothing of the code.
//!
//! Each run has a seed, which a failure names; `CHANCERY_MODEL_SEED` repeats that one run, and
//! `CHANCERY_MODEL_RUNS` says how many there are.

use super::BACKEND;

mod benign;
mod chaos;
mod dice;
mod oracle;
mod run;
mod theft;

use dice::Dice;
use run::{Run, World};

/// What a run is about, by its seed.
async fn play(world: &mut World, seed: u64) {
    let mut run = Run::begin(world, seed).await;
    match seed % 4 {
        0 => benign::play(&mut run).await,
        1 => theft::play(&mut run).await,
        _ => chaos::play(&mut run).await,
    }
    run.finish().await;
}

#[test]
fn no_interleaving_breaks_the_rules_of_rotation() {
    // RT-1 to RT-6
    if let Some(seed) = setting("CHANCERY_MODEL_SEED") {
        return play_all(0, seed..=seed);
    }
    let runs = setting("CHANCERY_MODEL_RUNS").unwrap_or(RUNS);
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let worlds: Vec<_> = (0..WORLDS)
        .map(|number| {
            let world = std::thread::Builder::new().name(name.clone());
            let play = move || play_all(number, (u64::from(number)..runs).step_by(WORLDS.into()));
            world.spawn(play).unwrap()
        })
        .collect();
    for world in worlds {
        assert!(world.join().is_ok(), "a rule was broken, as told above");
    }
}

/// Plays these runs one after the other on a database of their own.
fn play_all(number: u8, seeds: impl IntoIterator<Item = u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(mut world) = World::open(number.into()).await else { return };
        for seed in seeds {
            play(&mut world, seed).await;
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "how long to search is the caller's to say")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

const RUNS: u64 = 200;
/// So many databases are played on side by side.
const WORLDS: u8 = 4;
