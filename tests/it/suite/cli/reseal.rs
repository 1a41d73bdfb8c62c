//! `chancery key reseal`.

use super::{KEYS, at_home};

#[test]
fn the_previous_master_key_can_be_taken_away_after_it() {
    at_home(|mut home| {
        let [old, new] = KEYS;
        home.set("CHANCERY_MASTER_KEY", old);
        home.succeed(&["init"]);
        home.set("CHANCERY_MASTER_KEY", new);
        home.run(&["key", "reseal"]).fails(78, "does not open");
        home.set("CHANCERY_MASTER_KEY_PREVIOUS", old);
        assert!(home.succeed(&["doctor"]).contains("run `chancery key reseal`"));
        assert!(home.run(&["key", "reseal", "--json"]).json()["resealed"].as_u64() > Some(0));
        assert!(home.run(&["key", "reseal", "--json"]).json()["resealed"] == 0);
        assert!(home.succeed(&["doctor"]).contains("take master_key_previous away"));
        home.unset("CHANCERY_MASTER_KEY_PREVIOUS");
        assert!(home.succeed(&["doctor"]).contains("it is the one of this database"));
        home.set("CHANCERY_MASTER_KEY", old);
        assert!(home.run(&["doctor"]).out.contains("does not open this database"));
    });
}
