//! Spans of time as text: a whole number and a unit, or of seconds alone. Must not know any key.

use std::time::Duration;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const DAY: Duration = Duration::from_hours(24);

/// The units, the largest first; `ms` must be found before `s`.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("ms", 1), ("s", 1_000)];

/// Reads `14d`, `12h`, `15m`, `90s`, `250ms` or `90`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let with_unit = UNITS
        .iter()
        .find_map(|(unit, millis)| text.strip_suffix(unit).map(|number| (number, *millis)));
    let (number, millis) = with_unit.unwrap_or((text, 1_000));
    // `parse` alone would take a sign.
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

/// The span in the largest unit that leaves a whole number.
pub(super) fn show(span: Duration) -> String {
    let millis = span.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let whole = |unit: u64| millis.is_multiple_of(u128::from(unit));
    let by_size = [UNITS[0], UNITS[1], UNITS[2], UNITS[4]].into_iter();
    let (unit, size) = by_size.into_iter().find(|(_, size)| whole(*size)).unwrap_or(("ms", 1));
    format!("{}{unit}", millis / u128::from(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_a_bare_number_counts_seconds() {
        for (text, span) in [
            ("250ms", Duration::from_millis(250)),
            ("30s", 30 * SECOND),
            ("30", 30 * SECOND),
            ("10m", 10 * MINUTE),
            ("12h", 12 * HOUR),
            ("14d", 14 * DAY),
            ("0", Duration::ZERO),
        ] {
            assert_eq!(parse(text), Some(span), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_number_of_one_unit_is_refused() {
        for text in [
            "",
            "s",
            "ms",
            "-1s",
            "+1s",
            "1.5h",
            "1h30m",
            " 1s",
            "1 s",
            "1S",
            "1w",
            "999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_span_is_shown_in_the_largest_whole_unit_and_reads_back() {
        for (text, shown) in
            [("3600", "1h"), ("14d", "14d"), ("90s", "90s"), ("1500ms", "1500ms"), ("0", "0s")]
        {
            let span = parse(text).unwrap();
            assert_eq!(show(span), shown);
            assert_eq!(parse(shown), Some(span));
        }
    }
}
