//! Owns the rule of which names belong to one part of `src/` alone.
//! Must not import anything but the lexer: it is pure; the caller reads the files.

use super::lexer::{split, tokens};

/// Each name and the one folder of `src/` whose code may use it.
const HOMES: &[(&str, &str)] = &[("axum", "http"), ("sqlx", "storage")];

/// What the pure rules do without. `async` stands for functions, blocks and closures alike.
const NOT_IN_PROTOCOL: &[&str] = &["tokio", "sqlx", "axum", "async"];

/// The names in the code of a file that have no place there, each as `file: name`.
///
/// `path` is relative to `src/`. Comments and strings may name what they like.
pub(super) fn misplaced(path: &str, text: &str) -> Vec<String> {
    let source = split(text);
    let words = tokens(&source.code);
    let strangers = HOMES.iter().filter(|(_, home)| !within(path, home)).map(|(name, _)| name);
    let impure = NOT_IN_PROTOCOL.iter().filter(|_| within(path, "protocol"));
    let mut found: Vec<String> = strangers
        .chain(impure)
        .filter(|name| words.contains(name))
        .map(|name| format!("{path}: {name}"))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// What decides by itself whether somebody stands, each as `file: text`. Every path in asks
/// `protocol::standing`; what makes users, clients and sessions, or manages them, names their status.
pub(super) fn own_judgements(path: &str, text: &str) -> Vec<String> {
    let may = MAKING.iter().any(|home| *home == path || within(path, home));
    if may || !(within(path, "flows") || within(path, "http")) {
        return Vec::new();
    }
    let code = split(text).code;
    let found = JUDGEMENTS.iter().filter(|part| code.contains(**part));
    found.map(|part| format!("{path}: {part}")).collect()
}

const JUDGEMENTS: &[&str] = &["UserStatus::", "ClientStatus::", "SessionStatus::", ".is_alive("];

const MAKING: &[&str] = &[
    "flows/admin",
    "flows/administration.rs",
    // What begins is active.
    "flows/authorize/browser.rs",
    "flows/login/session.rs",
    "flows/reconcile",
    "flows/setup.rs",
    // A client that is paused is still told of the end of its sessions, and its ID tokens are still signed.
    "flows/backchannel",
    "flows/clients.rs",
    "http/endpoints/admin",
];

/// Whether a file is the module `home` or a part of it.
fn within(path: &str, home: &str) -> bool {
    path.strip_prefix(home).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

#[cfg(test)]
mod tests {
    use super::{misplaced, own_judgements};

    #[test]
    fn a_name_outside_its_home_is_reported() {
        assert_eq!(misplaced("cli/serve.rs", "use axum::Router;"), ["cli/serve.rs: axum"]);
        assert_eq!(misplaced("main.rs", "fn f() { axum::serve(); }"), ["main.rs: axum"]);
        assert_eq!(misplaced("flows/token.rs", "#[derive(sqlx::FromRow)] struct A;").len(), 1);
        assert_eq!(misplaced("storage_x.rs", "use sqlx::Row;").len(), 1);
        assert!(misplaced("http/mod.rs", "use axum::Router;").is_empty());
        assert!(misplaced("storage.rs", "use sqlx::Row;").is_empty());
        assert!(misplaced("cli/serve.rs", "// axum\nlet x = \"sqlx\"; my_axum();").is_empty());
    }

    #[test]
    fn a_path_that_judges_by_itself_is_reported() {
        let judges = "if user.status == UserStatus::Disabled { refuse() }";
        assert_eq!(own_judgements("flows/login/password.rs", judges).len(), 1);
        let matches = "match user.status { UserStatus::Disabled => refuse(), _ => {} }";
        assert_eq!(own_judgements("flows/login/password.rs", matches).len(), 1);
        let counts = "fn f(life: Life) -> bool { life.is_alive(now) }";
        assert_eq!(own_judgements("http/endpoints/token.rs", counts).len(), 1);
        assert!(own_judgements("flows/admin/clients.rs", judges).is_empty());
        assert!(own_judgements("flows/clients.rs", judges).is_empty());
        assert!(own_judgements("protocol/standing.rs", judges).is_empty());
        assert!(own_judgements("flows/refresh/mod.rs", "// == UserStatus::Disabled").is_empty());
    }

    #[test]
    fn the_protocol_stays_pure() {
        for impure in
            ["async fn f() {}", "let f = async || 1;", "use tokio::time;", "use sqlx::Row;"]
        {
            assert_eq!(misplaced("protocol/pkce.rs", impure).len(), 1, "{impure}");
        }
        assert!(misplaced("protocol/pkce.rs", "/// Not async.\nfn f() {}").is_empty());
        assert!(misplaced("flows/token.rs", "async fn f() { tokio::spawn(g()); }").is_empty());
    }
}
