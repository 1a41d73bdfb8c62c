//! How expensive a stored hash may be to verify.
//! Pure: imports only the error and the parameters of this module folder.

use super::argon2id::Argon2Params;
use super::hash::HashRejected;

/// Limits on the costs that a stored hash names. A hash beyond them is refused while it is read,
/// before any memory is allocated or time spent: an imported file or an edited database row must
/// not be able to stall every login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashBudget {
    /// Memory of one argon2 or scrypt hash, in KiB.
    pub max_memory_kib: u32,
    /// Memory times the passes over it (`t` of argon2, `p` of scrypt), in KiB: their time.
    pub max_memory_work_kib: u64,
    /// The bcrypt cost, the logarithm of its rounds; each step doubles the time.
    pub max_bcrypt_cost: u32,
    /// PBKDF2 iterations, counted once per block of output.
    pub max_pbkdf2_iterations: u32,
}

/// Each limit is about one second of one core at most, and holds the defaults of the libraries
/// that the imported hashes come from: 64 MiB with four passes, bcrypt 14, 2,000,000 iterations.
impl Default for HashBudget {
    fn default() -> Self {
        Self {
            max_memory_kib: 64 * 1024,
            max_memory_work_kib: 4 * 64 * 1024,
            max_bcrypt_cost: 14,
            max_pbkdf2_iterations: 2_000_000,
        }
    }
}

impl HashBudget {
    /// This budget, raised where needed so that hashes made with `params` are within it. Without
    /// this a server set to stronger parameters would refuse the hashes that it makes itself.
    #[must_use]
    pub fn covering(self, params: &Argon2Params) -> Self {
        let work = u64::from(params.memory_kib()) * u64::from(params.iterations());
        Self {
            max_memory_kib: self.max_memory_kib.max(params.memory_kib()),
            max_memory_work_kib: self.max_memory_work_kib.max(work),
            ..self
        }
    }

    /// Admits a memory-hard hash that passes `passes` times over `memory_kib` KiB.
    pub(super) fn admit_memory(&self, memory_kib: u64, passes: u64) -> Result<(), HashRejected> {
        let work = memory_kib.saturating_mul(passes);
        within(memory_kib, u64::from(self.max_memory_kib))?;
        within(work, self.max_memory_work_kib)
    }

    /// Admits a bcrypt hash.
    pub(super) fn admit_bcrypt(&self, cost: u32) -> Result<(), HashRejected> {
        within(u64::from(cost), u64::from(self.max_bcrypt_cost))
    }

    /// Admits a PBKDF2 hash whose output takes `blocks` runs of its iterations.
    pub(super) fn admit_pbkdf2(&self, iterations: u64, blocks: u64) -> Result<(), HashRejected> {
        within(iterations.saturating_mul(blocks), u64::from(self.max_pbkdf2_iterations))
    }
}

fn within(cost: u64, limit: u64) -> Result<(), HashRejected> {
    if cost > limit { Err(HashRejected::TooCostly) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_admitted_up_to_the_limit_and_refused_above() {
        let budget = HashBudget::default();
        assert_eq!(budget.admit_memory(65_536, 4), Ok(()));
        assert_eq!(budget.admit_memory(65_537, 1), Err(HashRejected::TooCostly));
        assert_eq!(budget.admit_memory(65_536, 5), Err(HashRejected::TooCostly));
        assert_eq!(budget.admit_memory(8, u64::MAX), Err(HashRejected::TooCostly));
        assert_eq!(budget.admit_bcrypt(14), Ok(()));
        assert_eq!(budget.admit_bcrypt(15), Err(HashRejected::TooCostly));
        assert_eq!(budget.admit_pbkdf2(2_000_000, 1), Ok(()));
        assert_eq!(budget.admit_pbkdf2(2_000_001, 1), Err(HashRejected::TooCostly));
        assert_eq!(budget.admit_pbkdf2(1_000_001, 2), Err(HashRejected::TooCostly));
        assert_eq!(budget.admit_pbkdf2(u64::MAX, 2), Err(HashRejected::TooCostly));
    }

    #[test]
    fn a_budget_can_be_raised_to_cover_our_own_parameters_but_is_never_lowered() {
        let strong = Argon2Params::new(131_072, 3, 1).unwrap();
        let raised = HashBudget::default().covering(&strong);
        assert_eq!(raised.admit_memory(131_072, 3), Ok(()));
        assert_eq!(raised.admit_memory(131_073, 1), Err(HashRejected::TooCostly));
        let weak = Argon2Params::new(8, 1, 1).unwrap();
        assert_eq!(HashBudget::default().covering(&weak), HashBudget::default());
    }
}
