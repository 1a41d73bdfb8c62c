//! Owns what must hold of every line of the log. Must not know what was done.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// Whether each line is one JSON object whose members have names of their own, and none holds one
/// of the secrets, or anything of the form of one.
pub(super) fn check(log: &str, secrets: &[&str]) -> Result<(), String> {
    let forms = ["chs_", "chr_", "eyJ", "$argon2"];
    for line in log.lines() {
        serde_json::from_str::<Members>(line).map_err(|error| format!("{error}: {line}"))?;
        if let Some(found) = secrets.iter().chain(&forms).find(|secret| line.contains(**secret)) {
            return Err(format!("{found} stands in: {line}"));
        }
    }
    Ok(())
}

struct Members;

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Distinct;
        impl<'de> Visitor<'de> for Distinct {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with distinct members")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut names = BTreeSet::new();
                while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                    if !names.insert(name.clone()) {
                        return Err(serde::de::Error::custom(format!("{name} stands twice")));
                    }
                }
                Ok(Members)
            }
        }
        deserializer.deserialize_map(Distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn members_stand_once_and_secrets_not_at_all() {
        assert_eq!(check("{\"a\":1,\"b\":\"x\"}\n{}\n", &["secret"]), Ok(()));
        for wrong in ["text", "{\"a\":1,\"a\":2}", "{\"a\":\"my secret\"}", "{\"a\":\"chr_x\"}"] {
            assert!(check(wrong, &["secret"]).is_err(), "{wrong}");
        }
    }
}
