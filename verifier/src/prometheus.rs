//! The state of a verifier as text for Prometheus. Must not judge it.

use std::fmt::{Display, Write};

use crate::{Feed, State};

impl State {
    /// The state in Prometheus' text format 0.0.4, to be served as `text/plain; version=0.0.4`.
    ///
    /// | metric | meaning |
    /// | --- | --- |
    /// | `chancery_verifier_ready` | 1 once tokens can be accepted |
    /// | `chancery_verifier_feed` | 1 if the issuer has a feed of revocations, or none is known of yet; 0 if it has none |
    /// | `chancery_verifier_state_age_seconds` | how old what is known of the revocations is; absent before the first document |
    /// | `chancery_verifier_feed_seq`, `…_feed_epoch` | how far the feed was read |
    /// | `chancery_verifier_revocations` | names that are refused |
    /// | `chancery_verifier_keys` | keys that can verify a token |
    /// | `chancery_verifier_clock_offset_seconds` | by how much this machine's clock is ahead of the issuer's |
    /// | `chancery_verifier_accepted_total` | tokens that were accepted |
    /// | `chancery_verifier_rejected_total{reason}` | tokens that were not |
    /// | `chancery_verifier_cache_hits_total` | tokens that had been verified before |
    /// | `chancery_verifier_documents_total{outcome}` | documents of the feed: merged, refused, gap |
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut gauge = |name, value: Option<&dyn Display>| metric(&mut text, name, "gauge", value);
        gauge("ready", Some(&u8::from(self.ready)));
        gauge("feed", Some(&u8::from(self.feed != Feed::None)));
        let age = self.age.map(|age| age.as_secs_f64());
        gauge("state_age_seconds", age.as_ref().map(|age| age as &dyn Display));
        let position = self.position.as_ref();
        gauge("feed_epoch", position.map(|position| &position.epoch as &dyn Display));
        gauge("feed_seq", position.map(|position| &position.seq as &dyn Display));
        gauge("revocations", Some(&self.entries));
        gauge("keys", Some(&self.keys));
        let offset = self.clock_offset.map(seconds);
        gauge("clock_offset_seconds", offset.as_ref().map(|offset| offset as &dyn Display));

        let counters = &self.counters;
        metric(&mut text, "accepted_total", "counter", Some(&counters.accepted));
        let rejected = counters.rejected.iter().map(|(reason, count)| (*reason, *count));
        labelled(&mut text, "rejected_total", "reason", rejected);
        metric(&mut text, "cache_hits_total", "counter", Some(&counters.cache_hits));
        let documents = [
            ("merged", counters.documents),
            ("refused", counters.documents_refused),
            ("gap", counters.gaps),
        ];
        labelled(&mut text, "documents_total", "outcome", documents);
        text
    }
}

/// One metric, if it has a value.
pub(crate) fn metric(text: &mut String, name: &str, kind: &str, value: Option<&dyn Display>) {
    if let Some(value) = value {
        line(text, format_args!("# TYPE {PREFIX}{name} {kind}"));
        line(text, format_args!("{PREFIX}{name} {value}"));
    }
}

fn labelled<'a>(
    text: &mut String,
    name: &str,
    label: &str,
    values: impl IntoIterator<Item = (&'a str, u64)>,
) {
    line(text, format_args!("# TYPE {PREFIX}{name} counter"));
    for (value, count) in values {
        line(text, format_args!("{PREFIX}{name}{{{label}=\"{value}\"}} {count}"));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

#[expect(clippy::cast_precision_loss, reason = "an offset is no number of 2^53 milliseconds")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

const PREFIX: &str = "chancery_verifier_";

#[cfg(test)]
mod tests {
    use crate::{Settings, Verifier};

    #[test]
    fn every_value_has_its_type_and_what_is_not_known_is_absent() {
        let verifier = Verifier::new(Settings::new("https://as.example", "https://api.example"));
        verifier.verify("a.b.c").unwrap_err();
        let text = verifier.state().prometheus();
        assert!(text.contains("# TYPE chancery_verifier_ready gauge\nchancery_verifier_ready 0\n"));
        assert!(text.contains("chancery_verifier_documents_total{outcome=\"gap\"} 0\n"), "{text}");
        assert!(text.contains("chancery_verifier_rejected_total{reason="), "{text}");
        assert!(!text.contains("state_age_seconds"), "{text}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let name = name.split('{').next().unwrap();
            assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
        }
    }
}
