//! What has to happen before an authorization request is granted: whether somebody must sign in, and
//! whether he must be asked. Must not know how a page looks, nor what is stored.

use std::time::Duration;

use super::{AuthorizationRequest, Denial, DenialCode};
use crate::protocol::client::Client;
use crate::protocol::consent::{Allowed, Consent};
use crate::protocol::ids::UserId;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::time::Timestamp;

/// Whether somebody must sign in before a request goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignInNeed {
    /// Nobody: he who is signed in is the one, and has proved it recently enough.
    None,
    /// Somebody, whoever it is.
    Anybody,
    /// He who is signed in, once more.
    Again,
}

/// Who is signed in, and since when.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// When he proved who he is.
    pub at: Timestamp,
    /// Whether he did so because this request asked him to.
    pub for_this: bool,
}

impl AuthorizationRequest {
    /// Whether somebody must sign in (OIC-02, OIC-03). `expected` is the subject of the ID token that
    /// came as a hint.
    ///
    /// # Errors
    /// [`DenialCode::LoginRequired`] where somebody must and nobody may be asked, or where another
    /// than the one expected has just signed in.
    pub fn sign_in_need(
        &self,
        signed_in: Option<SignedIn>,
        expected: Option<&str>,
        now: Timestamp,
    ) -> Result<SignInNeed, Denial> {
        let Some(SignedIn { user, at, for_this }) = signed_in else {
            return self.ask(SignInNeed::Anybody);
        };
        let user = user.to_string();
        let hinted = expected.is_none_or(|expected| expected == user);
        let wanted = [&self.claims.id_token, &self.claims.userinfo].iter().all(|c| c.admits(&user));
        let since = now.since(at);
        let again =
            self.prompt.login || self.max_age.is_some_and(|max| max.is_zero() || since > max);
        let stale = self.max_age.is_some_and(|max| since > max.max(PAGES));
        match hinted && wanted {
            false if for_this => Err(login_required()),
            false => self.ask(SignInNeed::Anybody),
            true if stale || (again && !for_this) => self.ask(SignInNeed::Again),
            true => Ok(SignInNeed::None),
        }
    }

    fn ask(&self, need: SignInNeed) -> Result<SignInNeed, Denial> {
        if self.prompt.none { Err(login_required()) } else { Ok(need) }
    }

    /// Whether the user must be asked before `client` may do what is to be `allowed` (OIDC Core §3.1.2.4).
    ///
    /// An operator's own application need not ask. A client that cannot prove who it is asks each
    /// time, whatever was allowed before (CORE-17, C053); and even the operator's own asks there,
    /// unless `https` leads to nobody else but it (RFC 8252 §8.6).
    ///
    /// # Errors
    /// [`DenialCode::ConsentRequired`] where he must and may not be asked.
    pub fn consent_need(
        &self,
        (client, redirect_uri): (&Client, &RedirectUri),
        allowed: &Allowed,
        remembered: Option<&Consent>,
    ) -> Result<bool, Denial> {
        let assured = !client.is_public() || redirect_uri.is_https();
        let remembered =
            !client.is_public() && remembered.is_some_and(|one| one.allowed.covers(allowed));
        let settled = remembered || (client.settings.sign_in.skips_consent && assured);
        if settled && !self.prompt.consent {
            return Ok(false);
        }
        if self.prompt.none {
            let text = "the user has to agree, and may not be asked";
            return Err(Denial::new(DenialCode::ConsentRequired, text));
        }
        Ok(true)
    }
}

/// For how long a sign-in that a request has asked for holds, however little `max_age` is: whoever reads
/// the page behind it is not sent back for ever.
const PAGES: Duration = Duration::from_mins(5);

fn login_required() -> Denial {
    Denial::new(DenialCode::LoginRequired, "the user has to sign in")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::client::{ClientCredentials, ClientId, ClientSettings, ClientStatus};
    use crate::protocol::form::Collected;
    use crate::protocol::ids::{ClientKey, ConsentId};
    use crate::protocol::scope::ScopeSet;
    use crate::protocol::secret::SecretHash;
    use crate::protocol::session::Grant;
    use crate::protocol::uri::ResourceUri;

    fn request(more: &str) -> AuthorizationRequest {
        let query = format!("response_type=code{more}");
        AuthorizationRequest::parse(&Collected::parse(query.as_bytes()).unwrap()).unwrap()
    }

    const NOW: i64 = 10_000;

    fn user() -> UserId {
        UserId::from_bytes([7; 16])
    }

    /// What is needed of a user who signed in so many seconds ago, for this request or another.
    fn need(
        more: &str,
        (ago, for_this): (i64, bool),
        expected: Option<&str>,
    ) -> Result<SignInNeed, DenialCode> {
        let at = Timestamp::from_seconds(NOW - ago);
        let signed_in = SignedIn { user: user(), at, for_this };
        let now = Timestamp::from_seconds(NOW);
        request(more).sign_in_need(Some(signed_in), expected, now).map_err(|denial| denial.code)
    }

    #[test]
    fn c039_whoever_signed_in_long_ago_signs_in_again() {
        use SignInNeed::{Again, None};
        let login_required = Err(DenialCode::LoginRequired);
        for (more, ago, elsewhere, here) in [
            ("", 9_000, Ok(None), Ok(None)),
            ("&prompt=none", 9_000, Ok(None), Ok(None)),
            ("&prompt=login", 0, Ok(Again), Ok(None)),
            ("&prompt=select_account", 1, Ok(Again), Ok(None)),
            ("&max_age=0", 0, Ok(Again), Ok(None)),
            ("&max_age=0", 5, Ok(Again), Ok(None)),
            ("&max_age=0", 301, Ok(Again), Ok(Again)),
            ("&max_age=60", 61, Ok(Again), Ok(None)),
            ("&max_age=60", 301, Ok(Again), Ok(Again)),
            ("&max_age=3600", 3_600, Ok(None), Ok(None)),
            // However he came to sign in: the client is told when it was.
            ("&max_age=3600", 3_601, Ok(Again), Ok(Again)),
            ("&max_age=1000000000", 9_000, Ok(None), Ok(None)),
            ("&max_age=3600&prompt=none", 3_601, login_required, login_required),
        ] {
            assert_eq!(need(more, (ago, false), Option::None), elsewhere, "{more} {ago}");
            assert_eq!(need(more, (ago, true), Option::None), here, "{more} {ago}");
        }
    }

    #[test]
    fn c039_nobody_is_asked_where_nobody_may_be() {
        let nobody = |more| request(more).sign_in_need(None, None, Timestamp::from_seconds(NOW));
        assert_eq!(nobody(""), Ok(SignInNeed::Anybody));
        assert_eq!(nobody("&prompt=none").unwrap_err().code, DenialCode::LoginRequired);
    }

    #[test]
    fn c040_another_user_than_the_expected_one_is_never_answered_for() {
        let own = user().to_string();
        let (before, for_this) = ((5, false), (5, true));
        assert_eq!(need("", before, Some(&own)), Ok(SignInNeed::None));
        assert_eq!(need("", before, Some("another")), Ok(SignInNeed::Anybody));
        assert_eq!(need("", for_this, Some("another")), Err(DenialCode::LoginRequired));
        assert_eq!(need("&prompt=none", before, Some("another")), Err(DenialCode::LoginRequired));
        let claims = |sub: &str| {
            let json = format!(r#"{{"userinfo":{{"sub":{sub}}}}}"#);
            let json: String = url::form_urlencoded::byte_serialize(json.as_bytes()).collect();
            need(&format!("&claims={json}"), before, None)
        };
        assert_eq!(claims(r#"{"value":"x"}"#), Ok(SignInNeed::Anybody));
        assert_eq!(claims(&format!(r#"{{"values":["x","{own}"]}}"#)), Ok(SignInNeed::None));
        assert_eq!(claims(r#"{"value":7}"#), Ok(SignInNeed::Anybody));
        assert_eq!(claims(r#"{"essential":true}"#), Ok(SignInNeed::None));
        assert_eq!(claims("null"), Ok(SignInNeed::None));
    }

    fn client(public: bool, skips_consent: bool) -> Client {
        let mut settings = ClientSettings::named("app");
        settings.sign_in.skips_consent = skips_consent;
        let secret = ClientCredentials::Secret { current: SecretHash::of(b"s"), previous: None };
        let at = Timestamp::from_seconds(0);
        Client {
            key: ClientKey::from_bytes([1; 16]),
            id: ClientId::parse("app").unwrap(),
            credentials: if public { ClientCredentials::Public } else { secret },
            settings,
            logo: None,
            status: ClientStatus::Active,
            managed: false,
            not_before: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn c053_a_client_that_cannot_prove_who_it_is_asks_each_time() {
        let grant = Grant {
            scope: ScopeSet::parse("openid email").unwrap(),
            resources: vec![ResourceUri::parse("https://api.example").unwrap()],
        };
        let allowed = Allowed::of(&grant, |_, _| true);
        let at = Timestamp::from_seconds(0);
        let consent = Consent {
            id: ConsentId::from_bytes([1; 16]),
            user_id: user(),
            client_id: ClientId::parse("app").unwrap(),
            allowed: allowed.clone(),
            created_at: at,
            updated_at: at,
        };
        let [web, here] = ["https://app.example/cb", "http://127.0.0.1/cb"];
        for (public, skips, uri, remembered, asked) in [
            (false, false, web, false, true),
            (false, false, web, true, false),
            (false, true, here, false, false),
            (true, false, web, true, true),
            (true, true, web, false, false),
            (true, true, here, true, true),
        ] {
            let client = client(public, skips);
            let uri = RedirectUri::parse(uri).unwrap();
            let remembered = remembered.then_some(&consent);
            let need = |more| request(more).consent_need((&client, &uri), &allowed, remembered);
            assert_eq!(need(""), Ok(asked), "{public} {skips} {uri}");
            assert_eq!(need("&prompt=consent"), Ok(true));
            assert_eq!(need("&prompt=none").is_err(), asked);
        }
    }
}
