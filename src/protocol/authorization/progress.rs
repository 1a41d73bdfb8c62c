//! What has to happen before an authorization request is granted: whether somebody must sign in, and
//! whether he must be asked. Must not know how a page looks, nor what is stored.

use super::{AuthorizationRequest, Denial, DenialCode};
use crate::protocol::client::Client;
use crate::protocol::consent::Consent;
use crate::protocol::ids::UserId;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::session::Grant;
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
}

/// When a request arrived, and what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When it arrived. Whoever signed in since then did so for it.
    pub begun_at: Timestamp,
    /// The time.
    pub now: Timestamp,
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
        times: Times,
    ) -> Result<SignInNeed, Denial> {
        let Some(signed_in) = signed_in else {
            return self.ask(SignInNeed::Anybody);
        };
        let wanted = [expected, self.claims.id_token.subject.as_deref()];
        let wanted = wanted.into_iter().chain([self.claims.userinfo.subject.as_deref()]);
        let subject = signed_in.user.to_string();
        let another = wanted.flatten().any(|wanted| wanted != subject);
        let since = times.now.since(signed_in.at);
        let old = self.max_age.is_some_and(|max| max.is_zero() || since > max);
        let for_this = signed_in.at >= times.begun_at;
        match (another, for_this) {
            (true, true) => Err(login_required()),
            (true, false) => self.ask(SignInNeed::Anybody),
            (false, false) if old || self.prompt.login => self.ask(SignInNeed::Again),
            (false, _) => Ok(SignInNeed::None),
        }
    }

    fn ask(&self, need: SignInNeed) -> Result<SignInNeed, Denial> {
        if self.prompt.none { Err(login_required()) } else { Ok(need) }
    }

    /// Whether the user must be asked before `client` is given `grant` (OIDC Core §3.1.2.4).
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
        grant: &Grant,
        remembered: Option<&Consent>,
    ) -> Result<bool, Denial> {
        let assured = !client.is_public() || redirect_uri.is_https();
        let remembered =
            !client.is_public() && remembered.is_some_and(|one| one.allowed.covers(grant));
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

fn login_required() -> Denial {
    Denial::new(DenialCode::LoginRequired, "the user has to sign in")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::client::{ClientCredentials, ClientId, ClientSettings, ClientStatus};
    use crate::protocol::consent::Allowed;
    use crate::protocol::form::Collected;
    use crate::protocol::ids::{ClientKey, ConsentId};
    use crate::protocol::scope::ScopeSet;
    use crate::protocol::secret::SecretHash;
    use crate::protocol::uri::ResourceUri;

    fn request(more: &str) -> AuthorizationRequest {
        let query = format!("response_type=code{more}");
        AuthorizationRequest::parse(&Collected::parse(query.as_bytes()).unwrap()).unwrap()
    }

    const BEGUN: i64 = 10_000;

    fn user() -> UserId {
        UserId::from_bytes([7; 16])
    }

    /// What is needed where the user signed in so many seconds before the request.
    fn need(more: &str, before: i64, expected: Option<&str>) -> Result<SignInNeed, DenialCode> {
        let begun_at = Timestamp::from_seconds(BEGUN);
        let signed_in = SignedIn { user: user(), at: Timestamp::from_seconds(BEGUN - before) };
        let times = Times { begun_at, now: begun_at + Duration::from_secs(5) };
        request(more).sign_in_need(Some(signed_in), expected, times).map_err(|denial| denial.code)
    }

    #[test]
    fn c039_whoever_signed_in_long_ago_signs_in_again() {
        use SignInNeed::{Again, None};
        for (more, before, expected) in [
            ("", 9_000, Ok(None)),
            ("&prompt=none", 9_000, Ok(None)),
            ("&prompt=login", 9_000, Ok(Again)),
            ("&prompt=select_account", 9_000, Ok(Again)),
            ("&prompt=login", -1, Ok(None)),
            ("&max_age=0", 1, Ok(Again)),
            ("&max_age=0", 0, Ok(None)),
            ("&max_age=3600", 3_595, Ok(None)),
            ("&max_age=3600", 3_596, Ok(Again)),
            ("&max_age=1000000000", 9_000, Ok(None)),
            ("&max_age=3600&prompt=none", 3_596, Err(DenialCode::LoginRequired)),
        ] {
            assert_eq!(need(more, before, Option::None), expected, "{more} {before}");
        }
    }

    #[test]
    fn c039_nobody_is_asked_where_nobody_may_be() {
        let begun_at = Timestamp::from_seconds(BEGUN);
        let times = Times { begun_at, now: begun_at };
        let nobody = |more| request(more).sign_in_need(None, None, times);
        assert_eq!(nobody(""), Ok(SignInNeed::Anybody));
        assert_eq!(nobody("&prompt=none").unwrap_err().code, DenialCode::LoginRequired);
    }

    #[test]
    fn c040_another_user_than_the_expected_one_is_never_answered_for() {
        let own = user().to_string();
        assert_eq!(need("", 5, Some(&own)), Ok(SignInNeed::None));
        assert_eq!(need("", 5, Some("another")), Ok(SignInNeed::Anybody));
        assert_eq!(need("", -1, Some("another")), Err(DenialCode::LoginRequired));
        assert_eq!(need("&prompt=none", 5, Some("another")), Err(DenialCode::LoginRequired));
        let claims = "&claims=%7B%22userinfo%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22x%22%7D%7D%7D";
        assert_eq!(need(claims, 5, None), Ok(SignInNeed::Anybody));
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
        let at = Timestamp::from_seconds(0);
        let consent = Consent {
            id: ConsentId::from_bytes([1; 16]),
            user_id: user(),
            client_id: ClientId::parse("app").unwrap(),
            allowed: Allowed::of(&grant),
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
            let need = |more| request(more).consent_need((&client, &uri), &grant, remembered);
            assert_eq!(need(""), Ok(asked), "{public} {skips} {uri}");
            assert_eq!(need("&prompt=consent"), Ok(true));
            assert_eq!(need("&prompt=none").is_err(), asked);
        }
    }
}
