//! The line between a retry and a theft, rule by rule, at its edges.

use super::*;

const LEAF: SecretHash = SecretHash::from_bytes([1; 32]);
const PARENT: SecretHash = SecretHash::from_bytes([2; 32]);
const OTHER: SecretHash = SecretHash::from_bytes([3; 32]);

const POLICY: RotationPolicy = RotationPolicy {
    rotates: true,
    rotate_after: Duration::ZERO,
    retry_echo: Duration::from_secs(30),
    retry_window: Duration::from_mins(10),
};

fn rotation() -> Rotation {
    Rotation {
        generation: 7,
        leaves: vec![LEAF],
        parent: Some(PARENT),
        rotated_at: Timestamp::from_seconds(1_000),
        reissued_at: Timestamp::from_seconds(1_000),
        successor_sealed: Some(vec![42]),
        retries: RetryStreak::default(),
    }
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000 + seconds)
}

fn judge(rotation: &Rotation, presented: (u32, &SecretHash), now: Timestamp) -> Verdict<u8> {
    rotation.judge(presented, &POLICY, now, |sealed| sealed.first().copied())
}

#[test]
fn a_leaf_rotates_at_any_age() {
    assert_eq!(judge(&rotation(), (7, &LEAF), after(0)), Verdict::Rotate);
    assert_eq!(judge(&rotation(), (7, &LEAF), after(1_000_000)), Verdict::Rotate);
}

#[test]
fn a_leaf_is_kept_where_the_client_does_not_rotate_or_it_is_young_and_alone() {
    let never = RotationPolicy { rotates: false, ..POLICY };
    let slow = RotationPolicy { rotate_after: Duration::from_mins(2), ..POLICY };
    let open = |_: &[u8]| None::<u8>;
    assert_eq!(rotation().judge((7, &LEAF), &never, after(999), open), Verdict::Keep);
    assert_eq!(rotation().judge((7, &LEAF), &slow, after(119), open), Verdict::Keep);
    assert_eq!(rotation().judge((7, &LEAF), &slow, after(120), open), Verdict::Rotate);
    let mut branched = rotation();
    branched.leaves.push(OTHER);
    assert_eq!(branched.judge((7, &LEAF), &slow, after(1), open), Verdict::Rotate);
}

#[test]
fn the_parent_is_echoed_within_the_echo_window_and_branches_after_it() {
    let first_late = RetryStreak { generation: 7, length: 1 };
    assert_eq!(judge(&rotation(), (6, &PARENT), after(4)), Verdict::Echo(42, Retry::Uncounted));
    assert_eq!(
        judge(&rotation(), (6, &PARENT), after(30)),
        Verdict::Echo(42, Retry::Counted(first_late))
    );
    assert_eq!(
        judge(&rotation(), (6, &PARENT), after(31)),
        Verdict::Branch(Retry::Counted(first_late))
    );
}

#[test]
fn the_echo_window_begins_anew_with_each_sibling_and_the_retry_window_does_not() {
    let mut branched = rotation();
    branched.leaves.push(OTHER);
    branched.reissued_at = after(590);
    branched.retries = RetryStreak { generation: 7, length: 1 };
    assert_eq!(judge(&branched, (6, &PARENT), after(620)), Verdict::Echo(42, Retry::Uncounted));
    assert_eq!(judge(&branched, (6, &PARENT), after(621)), Verdict::Reuse);
}

#[test]
fn the_parent_after_the_retry_window_is_reuse() {
    assert!(matches!(judge(&rotation(), (6, &PARENT), after(600)), Verdict::Branch(_)));
    assert_eq!(judge(&rotation(), (6, &PARENT), after(601)), Verdict::Reuse);
}

#[test]
fn the_fourth_leaf_is_echoed_until_the_retry_window_ends() {
    let mut full = rotation();
    full.leaves = vec![LEAF, OTHER, OTHER, OTHER];
    full.reissued_at = after(100);
    assert!(matches!(judge(&full, (6, &PARENT), after(600)), Verdict::Echo(42, _)));
    assert_eq!(judge(&full, (6, &PARENT), after(601)), Verdict::Reuse);
}

#[test]
fn a_sealed_copy_that_does_not_open_counts_as_missing() {
    let closed = |_: &[u8]| None::<u8>;
    let verdict = rotation().judge((6, &PARENT), &POLICY, after(1), closed);
    assert_eq!(verdict, Verdict::Branch(Retry::Uncounted));
    let mut erased = rotation();
    erased.successor_sealed = None;
    assert_eq!(judge(&erased, (6, &PARENT), after(1)), Verdict::Branch(Retry::Uncounted));
}

#[test]
fn anything_older_is_reuse_and_anything_newer_is_lost_writes() {
    assert_eq!(judge(&rotation(), (5, &OTHER), after(0)), Verdict::Reuse);
    assert_eq!(judge(&rotation(), (5, &PARENT), after(0)), Verdict::Reuse);
    assert_eq!(judge(&rotation(), (7, &OTHER), after(0)), Verdict::Reuse);
    assert_eq!(judge(&rotation(), (0, &OTHER), after(0)), Verdict::Reuse);
    assert_eq!(judge(&rotation(), (8, &LEAF), after(0)), Verdict::Regressed);
}

#[test]
fn a_clock_that_stepped_back_counts_as_no_time() {
    assert_eq!(judge(&rotation(), (6, &PARENT), after(-500)), Verdict::Echo(42, Retry::Uncounted));
}

#[test]
fn from_the_fourth_generation_in_a_row_a_late_retry_branches() {
    let mut streak = rotation();
    streak.retries = RetryStreak { generation: 6, length: 3 };
    let fourth = RetryStreak { generation: 7, length: 4 };
    assert_eq!(judge(&streak, (6, &PARENT), after(6)), Verdict::Branch(Retry::Suspicious(fourth)));
    // Counted once: the sibling's own echo window is the short one, and nothing is counted again.
    streak.retries = fourth;
    streak.leaves.push(OTHER);
    streak.reissued_at = after(6);
    assert_eq!(judge(&streak, (6, &PARENT), after(11)), Verdict::Echo(42, Retry::Uncounted));
    assert_eq!(judge(&streak, (6, &PARENT), after(12)), Verdict::Branch(Retry::Uncounted));
}

#[test]
fn a_generation_without_a_late_retry_resets_the_streak() {
    let mut streak = rotation();
    streak.retries = RetryStreak { generation: 5, length: 3 };
    let first = RetryStreak { generation: 7, length: 1 };
    assert_eq!(judge(&streak, (6, &PARENT), after(10)), Verdict::Echo(42, Retry::Counted(first)));
}
