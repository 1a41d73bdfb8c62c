//! `[passwords]`: what passwords must be, and how they are hashed. Must not import other sections.

use std::path::PathBuf;
use std::time::Duration;

use crate::protocol::password::argon2id::{Argon2Params, Argon2ParamsRejected};
use crate::protocol::password::{HashBudget, PasswordPolicy};

use super::bounded::{millis, number};
use super::input::Input;
use super::kind::FILE;
use super::section::section;
use super::span::{MINUTE, SECOND};
use super::wrapped::Optional;

section! {
    /// `[passwords]`: what passwords must be, and how they are hashed.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Passwords, from input {
        /// The fewest characters (Unicode code points) of a new password. NIST SP 800-63B-4 asks
        /// for 15 where the password is the only factor.
        min_length: usize = 15, takes number(8, 64);
        /// A file of passwords that nobody can set, such as a list of leaked ones: one on each line, in any
        /// case, or its SHA-1 in hexadecimal. UTF-8; the log says how many lines no password can equal. At
        /// most ten million, each of which takes 8 bytes of memory.
        blocklist: Option<PathBuf> = None, takes Optional(FILE);
        /// The memory of one argon2id hash, in KiB.
        argon2_memory_kib: u32 = 19_456, takes number(8, 1_048_576);
        /// The passes of one argon2id hash over its memory.
        argon2_iterations: u32 = 2, takes number(1, 64);
        /// The lanes of one argon2id hash. They are computed one after the other.
        argon2_parallelism: u32 = 1, takes number(1, 64);
        /// How many passwords are hashed at once; at most one less than there are cores, so that
        /// logins leave one to everything else. Each takes `argon2_memory_kib` of memory.
        hash_permits: usize = spare_cores(input.cores()),
            shown "one less than there are cores, at least 1", takes number(1, 1024);
        /// How many logins may wait for a permit; more are asked to come back later.
        hash_queue: usize = 64, takes number(1, 65_536);
        /// How long a login may wait for a permit before it is asked to come back later.
        hash_deadline: Duration = 5 * SECOND, takes millis(SECOND / 10, MINUTE);
    }
}

impl Passwords {
    /// What a password must satisfy when it is set, but for the list.
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy { min_code_points: self.min_length, ..PasswordPolicy::default() }
    }

    /// The costs of new hashes. A loaded configuration has only costs for which argon2 is defined.
    pub fn argon2(&self) -> Result<Argon2Params, Argon2ParamsRejected> {
        Argon2Params::new(self.argon2_memory_kib, self.argon2_iterations, self.argon2_parallelism)
    }

    /// What a stored or imported hash may cost: the default, or as much as new hashes do.
    pub fn hash_budget(&self) -> HashBudget {
        let budget = HashBudget::default();
        self.argon2().map_or(budget, |params| budget.covering(&params))
    }

    /// What must hold between the keys, and between them and the machine.
    pub(super) fn check(&self, input: &mut Input<'_>) {
        let spare = spare_cores(input.cores());
        input.require(
            self.argon2().is_ok(),
            &[
                "passwords.argon2_memory_kib",
                "passwords.argon2_parallelism",
                "passwords.argon2_iterations",
            ],
            "must be at least 8 times passwords.argon2_parallelism",
        );
        input.require(
            self.hash_permits <= spare,
            &["passwords.hash_permits"],
            format!("must be at most {spare} here: one less than there are cores, at least 1"),
        );
    }
}

fn spare_cores(cores: usize) -> usize {
    cores.saturating_sub(1).max(1)
}
