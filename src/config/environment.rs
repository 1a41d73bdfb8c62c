//! Which variables of the environment are ours. Must not know any key.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::given::{Given, Place, Raw};

/// What the name of every variable of ours begins with.
const PREFIX: &str = "CHANCERY_";

/// The variable that names the configuration file. It is no key: the file cannot name itself.
pub(super) const FILE: &str = "CHANCERY_CONFIG";

/// The variable that stands for a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// Our variables by name.
pub(super) fn ours(environment: &[(OsString, OsString)]) -> BTreeMap<String, Given> {
    let kubernetes = environment.iter().any(|(name, _)| name == "KUBERNETES_SERVICE_HOST");
    let ours = environment.iter().filter_map(|(name, value)| {
        let name = name.to_str()?;
        let rest = name.strip_prefix(PREFIX)?;
        if kubernetes && is_service_link(rest, value.to_str().unwrap_or_default()) {
            return None;
        }
        let raw = value.to_str().map_or(Raw::Other, Raw::of_text);
        Some((name.to_owned(), Given { raw, place: Place::Environment }))
    });
    ours.collect()
}

/// Whether Kubernetes made the variable. It describes every service to every container of a
/// namespace, so a service named `chancery`, or `chancery-…`, puts such names among ours:
/// `…SERVICE_HOST`, `…SERVICE_PORT[_NAME]`, `…PORT` and `…PORT_8080_TCP[_ADDR|_PORT|_PROTO]`.
fn is_service_link(rest: &str, value: &str) -> bool {
    let name = format!("_{rest}");
    let of_port = name.rsplit_once("_PORT_").is_some_and(|(_, tail)| {
        let (number, protocol) = tail.split_once('_').unwrap_or((tail, ""));
        let known = ["TCP", "UDP", "SCTP"].iter().any(|known| protocol.starts_with(known));
        known && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    of_port
        || name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && value.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_its_variable_correspond() {
        assert_eq!(variable("listen"), "CHANCERY_LISTEN");
        assert_eq!(variable("tokens.retry_echo"), "CHANCERY_TOKENS__RETRY_ECHO");
    }

    #[test]
    fn variables_that_kubernetes_makes_are_told_from_ours() {
        for name in [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "PORT_8080_TCP",
            "PORT_8080_TCP_ADDR",
            "PORT_8080_TCP_PORT",
            "POSTGRES_SERVICE_HOST",
            "POSTGRES_PORT_5432_TCP_PROTO",
        ] {
            assert!(is_service_link(name, "x"), "{name}");
        }
        assert!(is_service_link("PORT", "tcp://10.0.0.9:80"));
        for name in ["LISTEN", "PORT", "TOKENS__RETRY_ECHO", "HTTP__CONNECTIONS", "PORT_X_TCP"] {
            assert!(!is_service_link(name, "8080"), "{name}");
        }
    }
}
