//! Password hashes, with the default parameters.

use std::hint::black_box;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chancery::flows::credentials::{HashPool, PoolSettings, Source};
use chancery::protocol::password::argon2id::{Argon2Params, hash};
use chancery::protocol::password::{HashMemory, Password};
use chancery::protocol::user::StoredHash;

use crate::stage::{ADDRESS, Stage};
use crate::suite::{Bencher, Suite};

pub(crate) fn measure(suite: &mut Suite, stage: &Stage) {
    let params = Argon2Params::default();
    let password = Password::presented("correct horse battery staple").unwrap();
    let mut memory = HashMemory::new();
    let stored = hash(&password, [3; 16], &params, &mut memory);
    suite.of("verify a password").bare("argon2, memory kept", |b| bare(b, &params)).own(
        "`PasswordHash::verify`",
        |b| {
            b.iter(|| {
                assert!(stored.verify(black_box(&password), &mut memory));
            });
        },
    );
    let (permits, queue, deadline) = (1, 64, Duration::from_secs(5));
    let settings = PoolSettings { permits, queue, deadline, params };
    let pool = HashPool::new(settings, stage.server.world.clone());
    let (from, stored) = (Source::new("somebody", Some(ADDRESS)), StoredHash::from(stored));
    suite
        .of("verify a password in the pool")
        .bare("argon2, memory kept", |b| bare(b, &params))
        .own("`HashPool::verify`", |b| {
            b.iter(|| {
                let verified = pool.verify(&from, Some(stored.clone()), password.clone());
                assert!(stage.runtime.block_on(verified).unwrap().matches);
            });
        });
}

fn bare(b: &mut Bencher<'_>, params: &Argon2Params) {
    let (memory, passes, lanes) = (params.memory_kib(), params.iterations(), params.parallelism());
    let params = Params::new(memory, passes, lanes, Some(32)).unwrap();
    let mut blocks = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    b.iter(|| {
        let (password, mut tag) = (black_box(b"correct horse battery staple"), [0; 32]);
        argon2.hash_password_into_with_memory(password, &[3; 16], &mut tag, &mut blocks).unwrap();
        tag
    });
}
