//! `[tokens]`: access tokens, refresh tokens and sessions. Must not import other sections.

use std::time::Duration;

use crate::protocol::access_token::TokenLimits;
use crate::protocol::client::MAX_ROTATE_AFTER;
use crate::protocol::resource::MIN_TOKEN_LIFE;
use crate::protocol::session::SessionLifetimes;

use super::bounded::{number, seconds};
use super::input::Input;
use super::section::section;
use super::span::{DAY, HOUR, MINUTE, SECOND, show};

section! {
    /// `[tokens]`: access tokens, refresh tokens and sessions.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Tokens, from input {
        /// The longest life of an access token; no resource can choose a longer one. It bounds how
        /// long revocations are kept, too.
        max_token_life: Duration = HOUR, takes seconds(MIN_TOKEN_LIFE, DAY);
        /// The largest access token, in bytes. Many servers end headers at 8 KiB.
        max_token_size: usize = 4096, takes number(1024, 7168);
        /// How long a session may go without a refresh. Each refresh begins the span anew. At least
        /// `tokens.max_token_life`, and `tokens.retry_window` and `tokens.retry_echo`, or 5 minutes where that
        /// is more.
        refresh_idle_ttl: Duration = 14 * DAY, takes seconds(SECOND, 3650 * DAY);
        /// How long a session may live at all, counted from its login.
        session_max_ttl: Duration = 90 * DAY, takes seconds(SECOND, 3650 * DAY);
        /// How long somebody who has signed in with a browser may go without using any application
        /// there before he has to sign in again. At least `tokens.max_token_life`, and a quarter of itself, or
        /// 15 minutes where that is less, or 2 minutes where that is more.
        browser_idle_ttl: Duration = 12 * HOUR, takes seconds(SECOND, 3650 * DAY);
        /// How long he may stay signed in at all.
        browser_max_ttl: Duration = 30 * DAY, takes seconds(SECOND, 3650 * DAY);
        /// How long a refresh token that was used is answered with the same successor once more:
        /// for parallel tabs and lost answers.
        retry_echo: Duration = 30 * SECOND, takes seconds(Duration::ZERO, 5 * MINUTE);
        /// How long a client that lost an answer may come back with the refresh token before it,
        /// before that counts as theft.
        retry_window: Duration = 10 * MINUTE, takes seconds(Duration::ZERO, HOUR);
        /// How many sessions one user may have, and in how many browsers he may be signed in. A further
        /// login ends the one unused for longest.
        sessions_per_user: u32 = 200, takes number(1, 100_000);
    }
}

impl Tokens {
    /// The limits on every access token.
    pub fn limits(&self) -> TokenLimits {
        TokenLimits { max_life: self.max_token_life, max_size: self.max_token_size }
    }

    /// How long sessions live.
    pub fn lifetimes(&self) -> SessionLifetimes {
        SessionLifetimes { idle: self.refresh_idle_ttl, max: self.session_max_ttl }
    }

    /// How long browser sessions live.
    pub fn browser_lifetimes(&self) -> SessionLifetimes {
        SessionLifetimes { idle: self.browser_idle_ttl, max: self.browser_max_ttl }
    }

    /// What must hold between the keys.
    pub(super) fn check(&self, input: &mut Input<'_>) {
        input.require(
            self.refresh_idle_ttl <= self.session_max_ttl,
            &["tokens.refresh_idle_ttl", "tokens.session_max_ttl"],
            "must be at most tokens.session_max_ttl, which ends the session in any case",
        );
        input.require(
            self.browser_idle_ttl <= self.browser_max_ttl,
            &["tokens.browser_idle_ttl", "tokens.browser_max_ttl"],
            "must be at most tokens.browser_max_ttl, which ends the browser session in any case",
        );
        // An access token is judged without a look at its session, which it must not outlive (C135). The
        // last one may come from an answer that was lost, or from a refresh token that is not replaced yet:
        // neither moves the time on.
        let unmoved = (self.retry_window + self.retry_echo).max(MAX_ROTATE_AFTER);
        input.require(
            self.max_token_life + unmoved <= self.refresh_idle_ttl,
            &["tokens.refresh_idle_ttl", "tokens.max_token_life", "tokens.retry_window"],
            format!(
                "must be at least {} longer than tokens.max_token_life: no access token outlives \
                 its session",
                show(unmoved)
            ),
        );
        // Its use is noted after a quarter of this at the latest, or 15 minutes, or a minute on pages, and a
        // code that was given then lies for a minute.
        let unnoted = (self.browser_idle_ttl / 4).min(15 * MINUTE).max(2 * MINUTE);
        input.require(
            self.max_token_life + unnoted <= self.browser_idle_ttl,
            &["tokens.browser_idle_ttl", "tokens.max_token_life"],
            format!(
                "must be at least {} longer than tokens.max_token_life: no access token outlives \
                 the browser session that it depends on",
                show(unnoted)
            ),
        );
        input.require(
            self.retry_window >= self.retry_echo,
            &["tokens.retry_window", "tokens.retry_echo"],
            "must be at least tokens.retry_echo, which lies within it",
        );
    }
}
