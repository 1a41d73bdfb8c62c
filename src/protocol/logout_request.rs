//! Requests of clients to sign somebody out (OIDC RP-Initiated Logout §2): what may be believed of them, and
//! where the browser may go on afterwards.

use super::client::ClientId;
use super::error::{ErrorCode, Refusal};
use super::form::Params;
use super::id_token::IdTokenHint;
use super::reason::Reason;
use super::redirect_uri::RedirectUri;

/// What was asked for. `logout_hint` is not read: who is signed in is known here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LogoutRequest {
    /// The ID token of whoever is to be signed out, as it came.
    pub id_token_hint: Option<String>,
    /// The client, as it names itself.
    pub client_id: Option<ClientId>,
    /// Where the browser is to go on, as it came.
    pub post_logout_redirect_uri: Option<String>,
    /// Given back there.
    pub state: Option<String>,
}

/// Where a browser goes on after it was signed out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WayBack {
    /// A registered URI.
    pub uri: RedirectUri,
    /// What the client wants to have back.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Parses the parameters. Unknown ones are ignored.
    pub fn parse(params: &Params<'_>) -> Result<Self, Refusal> {
        let own = |name: &str| params.value(name).map(str::to_owned);
        let client_id =
            params.value("client_id").map(|id| ClientId::parse(id).map_err(|_| UNKNOWN));
        Ok(Self {
            id_token_hint: own("id_token_hint"),
            client_id: client_id.transpose()?,
            post_logout_redirect_uri: own("post_logout_redirect_uri"),
            state: own("state"),
        })
    }

    /// Which client asks: the one that the hint was issued to, which it cannot contradict (LGO-01).
    pub fn client_id(&self, hint: Option<&IdTokenHint>) -> Result<Option<ClientId>, Refusal> {
        let Some(hint) = hint else {
            return Ok(self.client_id.clone());
        };
        match &self.client_id {
            Some(id) if hint.aud.contains(id.as_str()) => Ok(Some(id.clone())),
            Some(_) => Err(Refusal::invalid_request("id_token_hint is of another client")),
            None => Ok(hint.aud.iter().next().and_then(|id| ClientId::parse(id).ok())),
        }
    }

    /// The way back, if one is asked for: registered by the client that asks, to the character (LGO-02).
    pub fn way_back(&self, registered: &[RedirectUri]) -> Result<Option<WayBack>, Refusal> {
        let Some(asked) = &self.post_logout_redirect_uri else {
            return Ok(None);
        };
        let uri = registered.iter().find(|uri| uri.as_str() == asked);
        let uri = uri.ok_or(Refusal::invalid_request(
            "post_logout_redirect_uri is none that the client has registered",
        ))?;
        Ok(Some(WayBack { uri: uri.clone(), state: self.state.clone() }))
    }
}

impl WayBack {
    /// Where the browser is sent.
    pub fn location(&self) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        self.uri.with(state.as_slice())
    }
}

/// The client does not exist, or not any more.
pub const UNKNOWN: Refusal = Refusal::new(
    ErrorCode::InvalidClient,
    "client_id names no application that is active here",
    Reason::UnknownClient,
);

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "https://app.example/bye?x=1";

    fn request(query: &str) -> LogoutRequest {
        LogoutRequest::parse(&Params::parse(query.as_bytes()).unwrap()).unwrap()
    }

    fn hint(aud: &str) -> IdTokenHint {
        let hint = format!(r#"{{"iss":"https://as.example","sub":"u","aud":{aud},"exp":1}}"#);
        serde_json::from_str(&hint).unwrap()
    }

    #[test]
    fn the_client_is_the_one_of_the_hint() {
        // LGO-01
        let own = |query: &str, aud: &str| {
            let id = request(query).client_id(Some(&hint(aud)));
            id.map(|id| id.map(|id| id.as_str().to_owned()))
        };
        assert_eq!(own("", r#""app""#), Ok(Some("app".to_owned())));
        assert_eq!(own("client_id=app", r#""app""#), Ok(Some("app".to_owned())));
        assert!(own("client_id=other", r#""app""#).is_err());
        let alone = request("client_id=app").client_id(None).unwrap().unwrap();
        assert_eq!(alone.as_str(), "app");
        assert_eq!(request("state=x").client_id(None).unwrap(), None);
    }

    #[test]
    fn c116_the_way_back_is_registered_to_the_character() {
        // LGO-02
        let registered = [BACK, "http://127.0.0.1/b"].map(|uri| RedirectUri::parse(uri).unwrap());
        let back = |uri: &str| {
            let request = LogoutRequest {
                post_logout_redirect_uri: Some(uri.to_owned()),
                state: Some("a&b".to_owned()),
                ..LogoutRequest::default()
            };
            request.way_back(&registered).ok().flatten()
        };
        assert_eq!(back(BACK).unwrap().location(), format!("{BACK}&state=a%26b"));
        for bad in [
            "https://app.example/bye",
            "https://app.example/bye?x=1&y=2",
            "https://app.example/bye?x=1#f",
            "https://app.example.evil.example/bye?x=1",
            "http://127.0.0.1:8080/b",
            "//app.example/bye?x=1",
            "javascript:alert(1)",
        ] {
            assert_eq!(back(bad), None, "{bad}");
        }
        let nowhere = request("state=x");
        assert_eq!(nowhere.way_back(&registered), Ok(None));
        let of_nobody =
            LogoutRequest { post_logout_redirect_uri: Some(BACK.to_owned()), ..nowhere };
        assert!(of_nobody.way_back(&[]).is_err());
        let bare = WayBack { uri: RedirectUri::parse(BACK).unwrap(), state: None };
        assert_eq!(bare.location(), BACK);
    }
}
