//! Authorization codes (RFC 6749 §4.1.2): what an application gets in the redirect, and what is kept of
//! it. Must not decide who gets one, nor what is answered for it.

use std::time::Duration;

use zeroize::Zeroizing;

use super::browser_session::BrowserLife;
use super::client::ClientId;
use super::ids::{BrowserSessionId, InteractionId, SessionId, UserId};
use super::pkce::CodeChallenge;
use super::reason::Reason;
use super::redirect_uri::RedirectUri;
use super::scope::Scope;
use super::secret::{Secret, SecretHash};
use super::session::{Authentication, Grant};
use super::standing::{Fact, Granted, Needed, Standing, Under};
use super::time::Timestamp;
use super::user::User;

/// An authorization code as it is handed out: `chc_` + base64url(256 random bits).
pub struct Code(Secret);

/// What a code stands for, as stored.
#[derive(Clone)]
pub struct CodeRecord {
    /// The hash of the code.
    pub hash: SecretHash,
    /// The interaction that ended in it: there is one code for each (C057).
    pub interaction: InteractionId,
    /// Whom it was made for (CORE-08).
    pub client_id: ClientId,
    /// Where it was sent (CORE-08).
    pub redirect_uri: RedirectUri,
    /// Whether the request named that URI: then the token request has to name it too.
    pub redirect_uri_given: bool,
    /// What the verifier must answer, if the request came with a challenge.
    pub challenge: Option<CodeChallenge>,
    /// What was granted.
    pub grant: Grant,
    /// Stands in the ID token again.
    pub nonce: Option<String>,
    /// Who granted it.
    pub user_id: UserId,
    /// The user's version then: a later one ends every code of an earlier one (C055).
    pub user_version: i64,
    /// The browser session in which he did.
    pub browser_session_id: BrowserSessionId,
    /// When and how he proved who he is.
    pub authentication: Authentication,
    /// The `claims` parameter, JSON as it came (OIDC Core §5.5).
    pub claims: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Then it is worth nothing any more.
    pub expires_at: Timestamp,
    /// How often a wrong verifier came with it.
    pub tries: u32,
    /// The session that it was exchanged for. A valid second use ends it (CORE-07, O21-06).
    pub session_id: Option<SessionId>,
}

/// How long a code is valid (CORE-07).
pub const CODE_LIFE: Duration = Duration::from_mins(1);

/// How many valid codes of one browser session may lie unused for one client. Their rows are kept for an
/// hour, so this bounds these too.
pub const MAX_UNUSED: u32 = 100;

/// How often a wrong verifier may come with a code before it is burnt (PKCE-03).
pub const MAX_TRIES: u32 = 3;

impl Code {
    /// The code of these random bytes.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        Self(Secret::from_bytes(random))
    }

    /// Parses the text; `None` if it does not have the form of a code of ours.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::decode(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// The code as it is handed out.
    pub fn encode(&self) -> Zeroizing<String> {
        self.0.encode(PREFIX)
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        self.0.hash()
    }
}

impl CodeRecord {
    /// Whether it was made for `client`, and was sent where the token request says (CORE-08). A request
    /// that names the URI although the one before did not has to name the right one.
    pub fn check_binding(
        &self,
        client: &ClientId,
        redirect_uri: Option<&str>,
    ) -> Result<(), Reason> {
        if self.client_id != *client {
            return Err(Reason::ClientMismatch);
        }
        match redirect_uri {
            None if self.redirect_uri_given => Err(Reason::RedirectUriMismatch),
            Some(uri) if uri != self.redirect_uri.as_str() => Err(Reason::RedirectUriMismatch),
            _ => Ok(()),
        }
    }

    /// Whether `verifier` answers the challenge (PKCE-03). One that nobody asked for is refused: else
    /// whoever took the challenge out of the request would not be noticed (PKCE-05).
    pub fn check_verifier(&self, verifier: Option<&str>) -> Result<(), Reason> {
        let good = match (&self.challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => challenge.is_answered_by(verifier),
            _ => false,
        };
        if good { Ok(()) } else { Err(Reason::WrongVerifier) }
    }

    /// Whether it is worth something at `now`. One that was burnt or withdrawn expired when it was made,
    /// whatever clock is asked.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.created_at < self.expires_at && now < self.expires_at
    }

    /// What its exchange rests on (C055), given its user and the life of its browser session as they are, for
    /// a client that has proved who it is. A session that outlives the browser session may begin after that
    /// has expired; none may once it was ended.
    pub fn standing<'a>(
        &'a self,
        user: Option<&'a User>,
        life: Option<BrowserLife>,
    ) -> Standing<'a> {
        let needed = if self.outlives_browser() { Needed::NotEnded } else { Needed::Alive };
        Standing {
            client: Fact::Seen,
            grant: Fact::Is(Granted::Code(self)),
            browser: Fact::Is(Under { life, needed }),
            ..Standing::of_user(user, self.user_id, self.user_version)
        }
    }

    /// Whether its session outlives the browser session (OIDC Core §11).
    pub fn outlives_browser(&self) -> bool {
        self.grant.scope.contains(Scope::OFFLINE_ACCESS)
    }
}

/// A prefix by which scanners of code and logs can find a leaked code.
const PREFIX: &str = "chc_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_round_trips_and_nothing_else_is_one() {
        let code = Code::from_bytes([5; 32]);
        let text = code.encode();
        assert_eq!(text.len(), 47);
        assert!(Code::parse(&text).unwrap().hash() == code.hash());
        for bad in
            ["", "chc_", &text[..46], &text[4..], &format!("{}A", *text), &text.to_uppercase()]
        {
            assert!(Code::parse(bad).is_none(), "{bad}");
        }
    }
}
