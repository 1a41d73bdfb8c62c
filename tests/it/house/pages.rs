//! Owns the reading of pages that name tests.

use std::collections::BTreeSet;

/// The tests that a page names in backticks, without their modules; of a family (`family_…`) the
/// beginning that its names share.
pub(super) fn tests_named(page: &str) -> BTreeSet<&str> {
    let code = page.split('`').skip(1).step_by(2);
    code.filter_map(|code| code.rsplit_once("::"))
        .map(|(_, name)| name.trim_end_matches('…'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tests_and_of_families_are_found() {
        let page = "| C001 | `alg` | `form::c001_none`, `keys::c019_…` (3) | refused |";
        assert_eq!(tests_named(page), BTreeSet::from(["c001_none", "c019_"]));
    }
}
