//! What the components of the server cost, each beside the bare operation in it: a signature, a hash, a
//! statement. Must not assert what anything takes.
//!
//! `cargo bench -p chancery-bench`, or with a part of a name behind `--`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "what is measured is measured with the machine's own clock, and has no figure if it fails"
)]

mod answers;
mod bare;
mod clock;
#[path = "../../src/stage/cluster.rs"]
#[expect(dead_code, reason = "shared with the loads, which need more of it")]
mod cluster;
#[path = "../../src/figures.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the loads, which need more of it")]
mod figures;
mod passwords;
mod refresh_tokens;
mod requests;
mod rotation;
mod signatures;
mod stage;
mod suite;

fn main() {
    let mut suite = suite::Suite::of_arguments();
    let stage = stage::Stage::on_sqlite();
    signatures::sign(&mut suite, &stage);
    signatures::verify(&mut suite, &stage);
    refresh_tokens::measure(&mut suite, &stage);
    requests::measure(&mut suite, &stage);
    answers::measure(&mut suite, &stage);
    passwords::measure(&mut suite, &stage);
    rotation::on_sqlite(&mut suite, &stage);
    rotation::on_postgres(&mut suite);
    suite.finish();
}
