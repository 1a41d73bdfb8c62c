//! Tells cargo that the migrations are part of the binary: `sqlx::migrate!` does not.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
