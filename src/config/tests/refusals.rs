//! Unknown keys and values that no key takes.

use super::*;

#[test]
fn every_key_refuses_nonsense_by_name_with_what_it_takes_and_without_the_value() {
    // Any text is the name of a folder or file, and may be a secret.
    let takes_any =
        ["data_dir", "pages.logo", "passwords.blocklist", "gate.state", "gate.client_secret"];
    for doc in describe().into_iter().filter(|doc| !takes_any.contains(&doc.key.as_str())) {
        let refused = refusal(&[(&doc.env, "hunter2\thunter2")], "");
        assert!(refused.contains(&format!("- `{}` ({}): ", doc.env, doc.key)), "{refused}");
        let reads_a_file = doc.key.ends_with("_file");
        let takes = if reads_a_file { "cannot be read" } else { doc.takes.as_str() };
        assert!(refused.contains(takes), "{} misses {takes}: {refused}", doc.key);
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn every_key_refuses_an_empty_value_unless_it_is_a_list() {
    let lists = ["trusted_proxies", "admin_listen", "logout.allow_internal", "gate.audiences"];
    for doc in describe().into_iter().filter(|doc| !lists.contains(&doc.key.as_str())) {
        let refused = refusal(&[(&doc.env, "")], "");
        assert!(refused.contains(&format!("- `{}` ({}): takes", doc.env, doc.key)), "{refused}");
    }
}

#[test]
fn every_key_refuses_a_value_of_another_shape_in_the_file() {
    for doc in describe() {
        for shape in ["{ a = 1 }", "[[1]]", "1.5", "1979-05-27", "99999999999999999999"] {
            let (section, name) = doc.key.split_once('.').unwrap_or(("", &doc.key));
            let header = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
            let refused = refusal(&[], &format!("{header}{name} = {shape}"));
            let line = header.lines().count() + 1;
            let at = format!("- `{}` (line {line} of the file): takes", doc.key);
            assert!(refused.contains(&at), "{shape}: {refused}");
            assert_eq!(refused.matches("\n- ").count(), 1, "{shape}: {refused}");
        }
    }
}

#[test]
fn bounds_are_part_of_what_a_key_takes() {
    for (key, accepted, refused) in [
        ("tokens.max_token_life", "24h", "25h"),
        ("tokens.max_token_life", "10s", "9s"),
        ("tokens.max_token_life", "12s", "11500ms"),
        ("tokens.max_token_size", "7168", "7169"),
        ("tokens.retry_echo", "0", "-1"),
        ("tokens.sessions_per_user", "1", "0"),
        ("keys.rotation", "1d", "23h"),
        ("pages.name", "Ä", " "),
        ("pages.accent", "#00FF7f", "#00ff7"),
        ("pages.help_uri", "https://help.example", "http://help.example"),
        ("pages.default_language", "de", "fr"),
        ("keys.jwks_max_age", "12h", "13h"),
        ("passwords.min_length", "8", "7"),
        ("passwords.hash_queue", "1", "0"),
        ("feed.poll", "10ms", "9ms"),
        ("http.connections", "4200", "99999999999"),
        ("http.body_limit", "16777216", "16777217"),
        ("database.connections", "1000", "1001"),
        ("log.level", "warn,chancery=debug", "inof"),
        ("log.level", "INFO", "chancery=loud"),
        ("log.level", "off", "info,verbose"),
        ("log.format", "json", "JSON"),
        ("migrate", "check", "never"),
        ("trusted_proxies", "::1", "10.0.0.0/33"),
        ("listen", "127.0.0.1:1", "localhost:8080"),
        ("listen", "[::1]:1", ""),
        ("issuer", "https://as.example", "https://as.example/"),
        ("database_url", "postgres://h/n", "mysql://h/n"),
        ("database.pgbouncer", "true", "yes"),
        ("gate.issuer", "https://other.example/", "http://other.example"),
        ("gate.issuer", "http://[::1]:8080", "https://as.example?a=b"),
        ("gate.audiences", "https://a.example,api", "two words"),
        ("gate.subscriber", "gate-1.eu_west", "gate 1"),
        ("gate.freshness", "strict", "0s"),
        ("gate.leeway", "1m", "61s"),
        ("gate.realm", "the orders", "a \"b\""),
        ("master_key_previous", OTHER_KEY, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"),
        ("master_key_previous", OTHER_KEY, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI!"),
    ] {
        let variable = environment::variable(key);
        let master = ("CHANCERY_MASTER_KEY", MASTER_KEY);
        // The longest access token needs browser sessions that last.
        let lasting = ("CHANCERY_TOKENS__BROWSER_IDLE_TTL", "30d");
        load(&[(&variable, accepted), master, lasting], "");
        let message = refusal(&[(&variable, refused), master], "");
        assert!(message.contains(&format!("`{variable}` ({key}): takes")), "{refused}: {message}");
    }
}

#[test]
fn a_known_reason_is_added() {
    let refused = refusal(&[("CHANCERY_ISSUER", "https://as.example/?q")], "");
    assert!(refused.contains("trailing slash: must not have a query"), "{refused}");
}

#[test]
fn unknown_keys_are_refused_with_the_one_that_was_meant() {
    let file = "
        lisen = 'x'
        retry_window = '10m'
        colour = 'x'
        [tokens]
        retry_ecco = '1s'
        [databse]
        connections = 8
        [tokens.deep]
        er = 1
        ['quoted.name']
        \"line\\nend\" = 1
    ";
    let refused = refusal(&[], file);
    for line in [
        "- `lisen` (line 2 of the file): there is no such key; did you mean `listen`?",
        "- `retry_window` (line 3 of the file): there is no such key; did you mean `tokens.retry_window`?",
        "- `colour` (line 4 of the file): there is no such key\n",
        "- `tokens.retry_ecco` (line 6 of the file): there is no such key; did you mean `tokens.retry_echo`?",
        "- `databse` (line 7 of the file): there is no such key; did you mean `database`?",
        "- `tokens.deep` (line 9 of the file): there is no such key\n",
        "- `\\\"quoted.name\\\"` (line 11 of the file): there is no such key",
    ] {
        assert!(refused.contains(line), "misses {line}: {refused}");
    }
    // The members of an unknown table are no further problems.
    assert_eq!(refused.matches("\n- ").count(), 7, "{refused}");
}

#[test]
fn an_empty_unknown_table_is_refused_and_an_empty_known_one_is_not() {
    load(&[], "[tokens]\n[feed]");
    assert!(refusal(&[], "[tokenz]").contains("did you mean `tokens`?"));
}

#[test]
fn unknown_variables_are_refused_and_those_of_others_are_not() {
    load(&[("CHANCERYX", "1"), ("LISTEN", "1"), ("chancery_listen", "1")], "");
    let refused = refusal(&[("CHANCERY_TOKENS_RETRY_ECHO", "1"), ("CHANCERY_USERS", "1")], "");
    let slip = "- `CHANCERY_TOKENS_RETRY_ECHO`: there is no such key; \
                did you mean `CHANCERY_TOKENS__RETRY_ECHO`?";
    assert!(refused.contains(slip), "{refused}");
    assert!(refused.contains("- `CHANCERY_USERS`: there is no such key"), "{refused}");
}

#[test]
fn a_table_and_what_is_none_are_told_apart() {
    for (file, message) in [
        ("tokens = 5", "- `tokens` (line 1 of the file): takes a table, `[tokens]`"),
        (
            "[[tokens]]\nretry_echo = 1",
            "- `tokens` (line 1 of the file): takes a table, `[tokens]`",
        ),
        ("users = 5", "- `users` (line 1 of the file): takes a list of tables, `[[users]]`"),
        ("[clients]\nid = 'x'", "- `clients` (line 1 of the file): takes a list of tables"),
        ("[listen]\na = 1", "- `listen` (line 1 of the file): takes a list, at least one"),
    ] {
        let refused = refusal(&[], file);
        assert!(refused.contains(message), "{refused}");
        assert_eq!(refused.matches("\n- ").count(), 1, "{refused}");
    }
}

#[test]
fn a_table_that_the_environment_replaces_is_not_judged() {
    load(&[("CHANCERY_MIGRATE", "auto")], "[migrate]\na = 1");
}

#[test]
fn a_name_in_quotes_is_not_taken_for_a_path() {
    let refused = refusal(&[], "'tokens.retry_echo' = 5");
    assert!(refused.contains("there is no such key"), "{refused}");
}

#[test]
fn a_file_that_is_no_toml_is_refused_by_line_and_column() {
    let refused = refusal(&[], "migrate = 'auto'\nlisten = \n");
    assert!(refused.contains("the configuration file is not TOML: line 2, column "), "{refused}");
    let refused = refusal(&[], "a = 1\na = 2\nb =");
    assert!(refused.contains("line 2, column 1: duplicate key"), "{refused}");
    assert!(refused.contains("line 3, column "), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let value = OsString::from_vec(b"\xff".to_vec());
    let sources = Sources::new([("CHANCERY_DATA_DIR", value)], |_| Ok(String::new()), 1);
    let error = Config::load(&sources).err().unwrap().to_string();
    assert!(error.contains("`CHANCERY_DATA_DIR` (data_dir): takes the path"), "{error}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let file = "
        colour = 'x'
        migrate = 5
        [tokens]
        retry_echo = '5m'
        retry_window = '1m'
        [[users]]
        roles = ['a b']
        [[clients]]
        id = 'web'
    ";
    let environment = [
        ("CHANCERY_ISSUER", "https://as.example"),
        ("CHANCERY_FEED__POLL", "fast"),
        ("CHANCERY_COLOUR", "x"),
    ];
    let refused = refusal(&environment, file);
    for at in [
        "`colour`",
        "`CHANCERY_COLOUR`",
        "`migrate`",
        "`CHANCERY_FEED__POLL`",
        "`master_key`",
        "`tokens.retry_window`",
        "`users[#1].name`",
        "`users[#1].roles`",
        "`clients[web].secret_file`",
    ] {
        assert!(refused.contains(&format!("\n- {at}")), "misses {at}: {refused}");
    }
    assert_eq!(refused.matches("\n- ").count(), 9, "{refused}");
    let error = Config::load(&sources(&environment, &[("chancery.toml", file)])).err().unwrap();
    assert_eq!(error.problems().len(), 9);
}
