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
    /// Only fill a set with so many entries, and print what this process takes of memory for it.
    #[arg(long, hide = true)]
    fill: Option<usize>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(entries) = arguments.fill {
        return memory::fill(entries);
    }
    println!("### Checking a token\n");
    for revocations in &arguments.revocations {
        println!("{revocations} revocations loaded\n");
        checking(arguments.tokens, *revocations)?;
    }
    println!("### Looking up a revocation\n");
    set::lookups(&arguments.revocations)?;
    println!("### Memory of the set\n");
    memory::measure(&arguments.revocations)
}

/// Bare decoding, first sight and repeated, of the same tokens in turns.
fn checking(tokens: usize, revocations: usize) -> Result<(), Failure> {
    let mut table = vec![row(["", "bare decode", "first sight", "ratio", "repeated"])];
    for issuer in TestIssuer::every()? {
        let verifier = verifier(&issuer, tokens, revocations)?;
        let tokens = (0..tokens).map(|_| issuer.token()).collect::<Result<Vec<_>, _>>()?;
        let (decoding, validation) = bare(&issuer);
        let (mut decoded, mut first, mut repeated) = (vec![], vec![], vec![]);
        for block in tokens.chunks(BLOCK) {
            decoded.push(each(block, 1, |token| {
                let token =
                    jsonwebtoken::decode::<AccessTokenClaims>(token, &decoding, &validation);
                black_box(token).is_ok()
            })?);
            first.push(each(block, 1, |token| black_box(verifier.verify(token)).is_ok())?);
            repeated.push(each(block, 20, |token| black_box(verifier.verify(token)).is_ok())?);
        }
        let [decoded, first, repeated] =
            [decoded, first, repeated].map(|samples| Samples::of(samples).map(|s| s.median()));
        let (decoded, first, repeated) = (decoded?, first?, repeated?);
        let ratio = format!("{:.2}", first.as_secs_f64() / decoded.as_secs_f64());
        table.push(row([issuer.name, &show(decoded), &show(first), &ratio, &show(repeated)]));
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
fn each(tokens: &[String], rounds: u32, check: impl Fn(&str) -> bool) -> Result<Duration, Failure> {
    let start = now();
    for _ in 0..rounds {
        if !tokens.iter().all(|token| check(token)) {
            return Err("a token was not accepted".into());
        }
    }
    Ok(start.elapsed() / rounds / u32::try_from(tokens.len())?)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

const BLOCK: usize = 100;
