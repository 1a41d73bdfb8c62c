//! Owns the rule of who may import whom among the top-level modules of `src/`.
//! Must not import anything but the reader of paths: it is pure; the caller reads the files.

use super::paths::targets;

/// Each top-level module and those it may name. What is not here must not exist.
const HOUSE: &str = "
cli -> http config flows keys storage revocation env gate pages protocol audit telemetry
http -> flows protocol env pages
flows -> outbound revocation keys storage protocol env audit generations worker
revocation -> storage protocol env keys
keys -> storage protocol env generations
storage -> protocol worker
config -> protocol pages
audit -> protocol
outbound -> nothing
gate -> config
pages -> protocol
telemetry -> nothing
protocol -> nothing
env -> nothing
generations -> nothing
worker -> nothing
";

/// The edges of one file that the house does not have, each as `file: from -> to`.
///
/// `path` is relative to `src/`. `main.rs` and `lib.rs` put the modules together and are exempt.
pub(super) fn forbidden(path: &str, text: &str) -> Vec<String> {
    let module = module_path(path);
    let Some(from) = module.first() else {
        return Vec::new();
    };
    let mut house = HOUSE.lines().filter_map(|line| line.split_once(" -> "));
    let Some((_, allowed)) = house.find(|(name, _)| name == from) else {
        return vec![format!("{path}: {from} is no module of the house")];
    };
    let mut edges: Vec<String> = targets(text, module.len())
        .iter()
        .filter(|to| to != from && !allowed.split(' ').any(|name| name == *to))
        .map(|to| format!("{path}: {from} -> {to}"))
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

/// The modules that a file is, outermost first: `keys/seal.rs` and `keys/seal/mod.rs` alike.
fn module_path(path: &str) -> Vec<&str> {
    let stem = path.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if matches!(stem, "main" | "lib") {
        return Vec::new();
    }
    stem.split('/').collect()
}

#[cfg(test)]
mod tests {
    use super::super::paths::ROOT;
    use super::forbidden;

    /// The modules that a text in `src/storage/…` may not name but does.
    fn found(path: &str, text: &str) -> Vec<String> {
        let shown = forbidden(path, text);
        shown.iter().filter_map(|edge| edge.rsplit(" -> ").next().map(str::to_owned)).collect()
    }

    #[test]
    fn every_way_to_write_a_path_is_seen() {
        let ways = [
            "use crate::http::Router;",
            "use crate::http;",
            "use crate::{protocol::{Scope, Token as T}, http::{self, Router}};",
            "use crate::{\n    protocol::Scope,\n    r#http as web,\n};",
            "pub(crate) use crate :: http :: *;",
            "fn f(x: &crate::http::Router) -> u8 { 1 }",
            "fn f() { if crate::protocol::a() || crate::http::b() {} }",
            "fn f() { crate::protocol::parse::<crate::http::Router>(); }",
            "macro_rules! m { () => { $crate::http::f() } }",
            "use chancery::http::Router;",
            "mod tests { mod deep { use crate::http::Router; } }",
            "/* a */ use /* b */ crate::/* c */http;",
        ];
        for way in ways {
            assert_eq!(found("storage/row.rs", way), ["http"], "{way}");
        }
    }

    #[test]
    fn super_leaves_a_module_only_from_its_own_level() {
        let cases = [
            ("storage.rs", "use super::http::Router;", vec!["http"]),
            ("storage/mod.rs", "use super::{protocol, http};", vec!["http"]),
            ("storage/mod.rs", "use self::super::http;", vec!["http"]),
            ("storage/row.rs", "use super::http::Router;", vec![]),
            ("storage/row.rs", "use super::super::http::Router;", vec!["http"]),
            ("storage/row.rs", "use super::{Db, super::http::Router};", vec!["http"]),
            ("storage/queries/row.rs", "use super::super::http;", vec![]),
            ("storage.rs", "mod tests { use super::http; } use super::http;", vec!["http"]),
            (
                "storage.rs",
                "fn f() { g() } mod tests { fn f() {} use super::super::http; }",
                vec!["http"],
            ),
        ];
        for (path, text, expected) in cases {
            assert_eq!(found(path, text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn the_root_itself_cannot_be_taken_along() {
        let ways = [
            "use crate::*;",
            "use crate as root;",
            "use crate::{self as root};",
            "use super::super as root;",
        ];
        for way in ways {
            assert_eq!(found("storage/row.rs", way), [ROOT], "{way}");
        }
    }

    #[test]
    fn what_is_no_path_across_modules_is_no_edge() {
        let fine = [
            "use crate::protocol::http::Name; use crate::storage::Store;",
            "// use crate::http;\n/* use crate::http; */\nconst A: &str = \"crate::http::x\";",
            "//! See [`crate::http`].",
            "pub(crate) fn f(&self) { self.http() } pub(super) struct A;",
            "pub(in crate::storage) fn g() {}",
            "use axum::http::StatusCode; use http::StatusCode; fn f() { self as u8 }",
        ];
        for text in fine {
            assert!(found("storage/row.rs", text).is_empty(), "{text}");
        }
        assert!(forbidden("lib.rs", "use crate::http;").is_empty());
        assert!(forbidden("main.rs", "use chancery::http;").is_empty());
    }

    #[test]
    fn a_failure_names_file_and_edge_and_new_modules_need_a_place() {
        assert_eq!(
            forbidden("keys/ring.rs", "use crate::flows::x;"),
            ["keys/ring.rs: keys -> flows"]
        );
        assert_eq!(forbidden("misc.rs", ""), ["misc.rs: misc is no module of the house"]);
        assert!(forbidden("gate/mod.rs", "use crate::config::Gate;").is_empty());
    }
}
