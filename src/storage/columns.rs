//! What is read of a session, which is read in more than one way. `FoundRow` reads it.

macro_rules! session_columns {
    () => {
        "session.id, session.user_id, session.user_version, session.client_id, \
         session.browser_session_id, session.offline, session.scope, session.resources, \
         session.auth_time, session.acr, session.amr, session.claims, session.created_at, \
         session.idle_expires_at, session.max_expires_at, session.ended_reason, \
         session.generation, session.leaf_hashes, session.parent_hash, session.rotated_at, \
         session.reissued_at, session.successor_sealed, session.retry_generation, \
         session.retry_streak, session.last_seen, session.user_agent, session.ip"
    };
}

// A user beside what is his; `UserBeside` reads it.
macro_rules! user_beside {
    () => {
        "users.id AS u_id, users.name AS u_name, users.roles AS u_roles, users.profile AS u_profile, \
         users.status AS u_status, users.disabled_by_file AS u_disabled_by_file, \
         users.managed AS u_managed, users.version AS u_version, \
         users.not_before AS u_not_before, users.created_at AS u_created_at, \
         users.updated_at AS u_updated_at"
    };
}

// The columns of a browser session, called `browser`, that is read together with something under it.
macro_rules! life_beside {
    () => {
        "browser.created_at AS b_created_at, browser.idle_expires_at AS b_idle_expires_at, \
         browser.max_expires_at AS b_max_expires_at, browser.ended_reason AS b_ended_reason"
    };
}

// Sessions with what decides about them.
macro_rules! find_session {
    ($from:literal, $which:literal) => {
        concat!(
            "SELECT ",
            session_columns!(),
            ", ",
            user_beside!(),
            ", ",
            life_beside!(),
            ", feed_head.ended_before AS ended_before, client.ended_before AS client_ended_before \
             FROM ",
            $from,
            " LEFT JOIN users ON users.id = session.user_id \
             LEFT JOIN browser_session AS browser ON browser.id = session.browser_session_id \
             LEFT JOIN client ON client.id = session.client_id \
             CROSS JOIN feed_head WHERE ",
            $which
        )
    };
}
