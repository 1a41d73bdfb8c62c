//! Owns how a time is said: the day, or how long ago, in words, and exactly for machines.
//! Must not import a view.
//!
//! Without script a page does not know the reader's time zone. So nothing here says an hour of
//! the day: what is recent is said by its distance, the rest by its day in UTC.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::texts::Texts;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The day of a time in seconds since 1970, such as "22 November 2026".
pub(super) fn day(at: i64, texts: &Texts) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at) else {
        return "–".to_owned();
    };
    let month = texts.when.months[usize::from(u8::from(at.month())) - 1];
    let date = texts.when.date.replace("{d}", &at.day().to_string());
    date.replace("{y}", &at.year().to_string()).replace("{m}", month)
}

/// How long before `now` it was, or its day if that is more than six days.
pub(super) fn ago(at: i64, now: i64, texts: &Texts) -> String {
    let words = &texts.when;
    match now.saturating_sub(at) {
        // Clocks differ a little: what is just ahead is now.
        ..MINUTE => words.now.to_owned(),
        passed @ MINUTE..HOUR => words.minutes.fill(&(passed / MINUTE).to_string()),
        passed @ HOUR..DAY => words.hours.fill(&(passed / HOUR).to_string()),
        passed if passed < 2 * DAY => words.yesterday.to_owned(),
        passed if passed < 7 * DAY => words.days.fill(&(passed / DAY).to_string()),
        _ => day(at, texts),
    }
}

/// The time as `<time datetime>` has it (RFC 3339).
pub(super) fn iso(at: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(at).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::{ago, day, iso};
    use crate::pages::{ENGLISH, GERMAN};

    /// 2026-11-22T11:33:20Z.
    const NOW: i64 = 1_795_347_200;

    #[test]
    fn a_day_is_said_in_each_language() {
        assert_eq!(day(NOW, &ENGLISH), "22 November 2026");
        assert_eq!(day(NOW, &GERMAN), "22. November 2026");
        assert_eq!(day(0, &GERMAN), "1. Januar 1970");
        assert_eq!(day(i64::MAX, &ENGLISH), "–");
    }

    #[test]
    fn what_is_recent_is_said_by_its_distance() {
        let cases = [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (86_399, "23 h ago"),
            (86_400, "yesterday"),
            (2 * 86_400, "2 days ago"),
            (7 * 86_400 - 1, "6 days ago"),
            (7 * 86_400, "15 November 2026"),
        ];
        for (passed, said) in cases {
            assert_eq!(ago(NOW - passed, NOW, &ENGLISH), said, "{passed}");
        }
        assert_eq!(ago(NOW - 3 * 86_400, NOW, &GERMAN), "vor 3 Tagen");
        assert_eq!(ago(i64::MIN, i64::MAX, &ENGLISH), "–");
    }

    #[test]
    fn machines_are_told_exactly() {
        assert_eq!(iso(NOW).unwrap(), "2026-11-22T11:33:20Z");
        assert_eq!(iso(i64::MIN), None);
    }
}
