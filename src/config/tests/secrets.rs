//! Secrets: where they come from, and that they go nowhere else.

use std::fmt::Debug;

use super::*;

#[test]
fn a_secret_is_read_from_a_file_without_its_line_end() {
    for text in [MASTER_KEY.to_owned(), format!("{MASTER_KEY}\n"), format!("{MASTER_KEY}\r\n")] {
        let files = [("/run/key", text.as_str())];
        let config = load_with(&[("CHANCERY_MASTER_KEY_FILE", "/run/key")], &files);
        assert_eq!(config.master_key.unwrap().expose(), MASTER_KEY);
        let in_toml = [files[0], ("chancery.toml", "master_key_file = '/run/key'")];
        assert_eq!(load_with(&[], &in_toml).master_key.unwrap().expose(), MASTER_KEY);
    }
    let files = [("/run/url", "postgres://me:hunter2@db/c\n\n")];
    let config = load_with(&[("CHANCERY_DATABASE_URL_FILE", "/run/url")], &files);
    assert_eq!(config.database_url.expose(), "postgres://me:hunter2@db/c\n");
}

#[test]
fn both_forms_of_a_secret_in_one_place_are_refused() {
    let files = [("/run/key", MASTER_KEY)];
    for secret in ["master_key", "master_key_previous", "database_url"] {
        let plain = environment::variable(secret);
        let file = environment::variable(&format!("{secret}_file"));
        let refused = refusal_with(&[(&plain, MASTER_KEY), (&file, "/run/key")], &files);
        let message = format!("- `{plain}` ({secret}): is given as well as `{file}`");
        assert!(refused.contains(&message), "{refused}");
        assert_eq!(refused.matches("\n- ").count(), 1, "{refused}");

        let toml = format!("{secret} = '{MASTER_KEY}'\n{secret}_file = '/run/key'");
        let refused = refusal_with(&[], &[files[0], ("chancery.toml", &toml)]);
        let message =
            format!("- `{secret}` (line 1 of the file): is given as well as `{secret}_file`");
        assert!(refused.contains(&message), "{refused}");
        assert!(!refused.contains(MASTER_KEY), "{refused}");
    }
}

#[test]
fn the_environment_beats_the_file_whatever_the_form() {
    let files = |toml| [("/run/key", OTHER_KEY), ("chancery.toml", toml)];
    let plain = [("CHANCERY_MASTER_KEY", MASTER_KEY)];
    let config = load_with(&plain, &files("master_key_file = '/run/none'"));
    assert_eq!(config.master_key.unwrap().expose(), MASTER_KEY);
    let by_file = [("CHANCERY_MASTER_KEY_FILE", "/run/key")];
    let toml = format!("master_key = '{MASTER_KEY}'");
    let config = load_with(&by_file, &files(&toml));
    assert_eq!(config.master_key.unwrap().expose(), OTHER_KEY);
}

#[test]
fn a_file_that_cannot_be_read_is_named_unless_its_name_may_be_the_secret() {
    // The path may be the secret itself, given to the wrong key.
    let refused = refusal(&[("CHANCERY_MASTER_KEY_FILE", MASTER_KEY)], "");
    let message = "- `CHANCERY_MASTER_KEY_FILE` (master_key_file): the file that it names cannot \
                   be read: entity not found";
    assert!(refused.contains(message), "{refused}");
    assert!(!refused.contains(MASTER_KEY), "{refused}");
    let slashes = format!("/{}", MASTER_KEY.replace('A', "/"));
    let url = "postgres://me:hunter2@db.example/chancery";
    for (variable, secret) in
        [("CHANCERY_MASTER_KEY_FILE", slashes.as_str()), ("CHANCERY_DATABASE_URL_FILE", url)]
    {
        let refused = refusal(&[(variable, secret)], "");
        assert!(!refused.contains(secret), "{refused}");
    }
    for path in ["/run/secrets/key", "/run/secrets/a-key-with-a-rather-long-name", "./key"] {
        let refused = refusal(&[("CHANCERY_MASTER_KEY_FILE", path)], "");
        assert!(refused.contains(&format!("that it names, `{path}`, cannot")), "{refused}");
    }
}

#[test]
fn a_bad_secret_in_a_file_is_named_by_the_key_of_the_file() {
    let refused = refusal_with(&[("CHANCERY_MASTER_KEY_FILE", "k")], &[("k", "hunter2")]);
    let message = "- `CHANCERY_MASTER_KEY_FILE` (master_key_file): takes 32 bytes in base64";
    assert!(refused.contains(message), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn no_slip_brings_a_secret_into_a_message() {
    for file in [
        "master_key = hunter2",
        "master_key = 'hunter2",
        "master_key = \"hunter2\\x\"",
        "master_key 'hunter2'",
        "master_key = 'a'\nmaster_key = 'hunter2'",
        "master_key = '''\nhunter2",
        "master_key = ['hunter2']",
        "master_key = { hunter2 = 1 }\n",
        "master_keys = 'hunter2'",
        "issuer = 'https://hunter2'\n",
        "issuer = 'https://u:hunter2@as.example'",
        "issuer = 'http://hunter2'",
        "listen = 'hunter2'",
        "trusted_proxies = ['hunter2']",
        "log.level = 'hunter2=hunter2'",
        "tokens = 'hunter2'",
        "[[users]]\nname = 'hunter2 '",
        "[[users]]\nname = 'a'\npassword_file = 'hunter2'",
        "[[users]]\nname = 'a'\npassword_hash = 'hunter2'",
        "[[users]]\nname = 'a'\npassword_hash = '$argon2id$hunter2'",
        "[[users]]\nname = 'a'\npassword = 'hunter2'",
        "[[clients]]\nid = 'a'\nsecret_file = 'hunter2'",
        "[[clients]]\nid = 'a'\nsecret = 'hunter2'",
        "[[clients]]\nid = 'a'\npublic = 'hunter2'",
        "[[resources]]\nuri = 'hunter2'",
    ] {
        let refused = refusal(&[], file);
        assert!(!refused.contains("hunter2"), "{file}: {refused}");
    }
    // An integer beyond 64 bits, whose text a reader by `serde` would repeat.
    let refused = refusal(&[], "master_key = 31415926535897932384");
    assert!(!refused.contains("31415926535897932384"), "{refused}");
}

#[test]
fn secrets_are_shown_as_set_or_not_set() {
    let environment = [
        ("CHANCERY_MASTER_KEY", MASTER_KEY),
        ("CHANCERY_DATABASE_URL", "postgres://me:hunter2@db/c"),
    ];
    let config = load(&environment, "");
    assert_eq!(shown(&config, "master_key"), "(set)");
    assert_eq!(shown(&config, "master_key_previous"), "(not set)");
    assert_eq!(shown(&config, "database_url"), "postgres://db/c");
    let all = format!("{:?}", config.show());
    assert!(!all.contains("hunter2") && !all.contains(MASTER_KEY), "{all}");
}

/// Compiles only while none of the types has `Debug`: with it, two implementations would fit.
#[test]
fn nothing_that_holds_a_secret_can_be_printed() {
    trait HasNoDebug<Which> {
        fn check() {}
    }
    impl<T: ?Sized> HasNoDebug<()> for T {}
    impl<T: ?Sized + Debug> HasNoDebug<u8> for T {}
    <Config as HasNoDebug<_>>::check();
    <SecretText as HasNoDebug<_>>::check();
    <Sources as HasNoDebug<_>>::check();
    <Declared as HasNoDebug<_>>::check();
    <DeclaredUser as HasNoDebug<_>>::check();
    <DeclaredClient as HasNoDebug<_>>::check();
    <DeclaredPassword as HasNoDebug<_>>::check();
}
