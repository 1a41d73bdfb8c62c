//! What an API pays to check a token.

mod issuer;
mod memory;
mod set;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use chancery_verifier::claims::AccessTokenClaims;
use chancery_verifier::{Settings, Verifier};
use clap::Args;
use jsonwebtoken::{DecodingKey, Validation};

use crate::figures::{Failure, Samples, now, print_table, show};
use issuer::{AUDIENCE, ISSUER, TestIssuer};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many revocations to load, one measurement for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 10_000, 1_000_000])]
    revocations: Vec<usize>,
    /// How many tokens to look at, per algorithm.
    #[arg(long, default_value_t = 4_000)]
    tokens: usize,
    /// Only do this, in a process of its own, and print what it takes of memory.
    #[command(subcommand)]
    alone: Option<memory::Alone>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(alone) = &arguments.alone {
        return memory::run(alone);
    }
    println!("### Checking a token\n");
    for revocations in &arguments.revocations {
        println!("{revocations} revocations loaded\n");
        checking(arguments.tokens, *revocations)?;
    }
    println!("### Looking up a revocation\n");
    set::lookups(&arguments.revocations)?;
    println!("### Memory\n");
    memory::measure(&arguments.revocations)
}

/// Bare decoding and first sight of the same tokens in turns; then all of them again, and again with
/// a revocation before each block, after which nothing is believed for having passed before.
fn checking(tokens: usize, revocations: usize) -> Result<(), Failure> {
    let head =
        ["", "bare decode", "first sight", "ratio", "repeated", "repeated, after a revocation"];
    let mut table = vec![row(head)];
    for issuer in TestIssuer::every()? {
        let verifier = verifier(&issuer, tokens, revocations)?;
        let tokens = (0..tokens).map(|_| issuer.token()).collect::<Result<Vec<_>, _>>()?;
        let (decoding, validation) = bare(&issuer);
        let accepts = |token: &str| black_box(verifier.verify(token)).is_ok();
        let bare_decode = |token: &str| {
            black_box(jsonwebtoken::decode::<AccessTokenClaims>(token, &decoding, &validation))
                .is_ok()
        };
        let (mut bare_times, mut first, mut repeated, mut after) = (vec![], vec![], vec![], vec![]);
        for block in tokens.chunks(BLOCK) {
            bare_times.push(each(block, bare_decode)?);
            first.push(each(block, accepts)?);
        }
        for block in tokens.chunks(BLOCK).cycle().take(5 * tokens.len() / BLOCK) {
            repeated.push(each(block, accepts)?);
        }
        for block in tokens.chunks(BLOCK) {
            verifier.absorb(&issuer.event()?)?;
            after.push(each(block, accepts)?);
        }
        let [bare_time, first, repeated, after] = [bare_times, first, repeated, after]
            .map(|samples| Samples::of(samples).map(|s| s.median()));
        let (bare_time, first) = (bare_time?, first?);
        let ratio = format!("{:.2}", first.as_secs_f64() / bare_time.as_secs_f64());
        let shown = [bare_time, first, repeated?, after?].map(show);
        table.push(row([issuer.name, &shown[0], &shown[1], &ratio, &shown[2], &shown[3]]));
    }
    print_table(&table);
    Ok(())
}

/// A verifier that remembers all `tokens` and has loaded so many revocations, none of which hits.
fn verifier(
    issuer: &TestIssuer,
    tokens: usize,
    revocations: usize,
) -> Result<Arc<Verifier>, Failure> {
    let verifier = Verifier::new(Settings::new(ISSUER, AUDIENCE).cache_capacity(4 * tokens));
    verifier.install_keys(issuer.jwks().as_bytes())?;
    verifier.absorb(&issuer.snapshot(revocations)?)?;
    Ok(Arc::new(verifier))
}

/// The library's own decoding, which checks the same claims.
fn bare(issuer: &TestIssuer) -> (DecodingKey, Validation) {
    let mut validation = Validation::new(issuer.algorithm);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    (issuer.decoding.clone(), validation)
}

/// The time of one `check`, on the average of a block.
fn each(tokens: &[String], check: impl Fn(&str) -> bool) -> Result<Duration, Failure> {
    let start = now();
    if !tokens.iter().all(|token| check(token)) {
        return Err("a token was not accepted".into());
    }
    Ok(start.elapsed() / u32::try_from(tokens.len())?)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

const BLOCK: usize = 100;
