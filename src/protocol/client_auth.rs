//! Client authentication (RFC 6749 §2.3): reading what a client presents, and checking it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::client::{Client, ClientCredentials, ClientId};
use super::error::Refusal;
use super::form::Params;
use super::reason::Reason;
use super::secret::{ClientSecret, SecretHash};
use super::standing::check_client;
use super::time::Timestamp;

/// What a request says about its client.
pub struct PresentedClient {
    /// Who it says it is; none where that is not even a client id.
    pub id: Option<ClientId>,
    /// The secret it sent.
    pub secret: Option<ClientSecret>,
}

/// The client authentication methods of this server (OIDC Core §9).
pub const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

impl PresentedClient {
    /// Reads the `Authorization` header and the form. More than one method in one request is an
    /// error (RFC 6749 §2.3, C081).
    pub fn read(authorization: Option<&str>, params: &Params<'_>) -> Result<Self, Refusal> {
        let (id, secret) = (params.value("client_id"), params.value("client_secret"));
        if ASSERTION.iter().any(|name| params.value(name).is_some()) {
            // RFC 7521 §4.2: a method of its own, which this server does not take.
            return Err(if authorization.is_some() || secret.is_some() {
                TWO_METHODS
            } else {
                Refusal::invalid_client(Reason::WrongClientMethod)
            });
        }
        let Some(authorization) = authorization else {
            return match id {
                Some(id) => Ok(Self::of(id, secret)),
                None => Err(Refusal::invalid_client(Reason::UnknownClient)),
            };
        };
        if secret.is_some() {
            return Err(TWO_METHODS);
        }
        let (basic_id, basic_secret) =
            parse_basic(authorization).ok_or(Refusal::invalid_client(Reason::Malformed))?;
        if id.is_some_and(|id| id != basic_id) {
            return Err(Refusal::invalid_request(
                "client_id differs from the authenticated client",
            ));
        }
        Ok(Self::of(&basic_id, Some(&basic_secret)))
    }

    /// A client that names itself with this id and secret.
    pub fn of(id: &str, secret: Option<&str>) -> Self {
        Self {
            id: ClientId::parse(id).ok(),
            secret: secret.map(|secret| ClientSecret::presented(secret.to_owned())),
        }
    }

    /// Checks what was presented against `client`, the stored client of that id.
    ///
    /// An unknown client costs the same hash and comparison as a wrong secret (C071).
    pub fn authenticate(&self, client: Option<&Client>, now: Timestamp) -> Result<(), Refusal> {
        let presented = self.secret.as_ref().map(ClientSecret::hash);
        let Some(client) = client else {
            let _ = presented.is_some_and(|hash| hash == SecretHash::from_bytes([0; 32]));
            return Err(Refusal::invalid_client(Reason::UnknownClient));
        };
        let genuine = match (&client.credentials, presented) {
            (ClientCredentials::Public, None) => true,
            (ClientCredentials::Public, Some(_)) | (ClientCredentials::Secret { .. }, None) => {
                return Err(Refusal::invalid_client(Reason::WrongClientMethod));
            }
            (ClientCredentials::Secret { current, previous }, Some(hash)) => {
                let overlap = previous.as_ref().filter(|(_, until)| now < *until);
                *current == hash || overlap.is_some_and(|(previous, _)| *previous == hash)
            }
        };
        if !genuine {
            return Err(Refusal::invalid_client(Reason::WrongClientSecret));
        }
        check_client(Some(client)).map_err(Refusal::invalid_client)
    }
}

const ASSERTION: [&str; 2] = ["client_assertion", "client_assertion_type"];
const TWO_METHODS: Refusal = Refusal::invalid_request("more than one client authentication method");

/// User and password of HTTP Basic, each form-decoded (RFC 6749 §2.3.1 and Appendix B).
fn parse_basic(authorization: &str) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(BASE64_STANDARD.decode(encoded.trim_matches(' ')).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    if secret.is_empty() {
        return None;
    }
    Some((form_decode(id)?, Zeroizing::new(form_decode(secret)?)))
}

/// Decodes leniently: a client that sends its credentials as they are means them so.
fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded::byte_serialize;

    use super::*;
    use crate::protocol::error::ErrorCode;

    fn basic(credentials: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(credentials))
    }

    fn read(authorization: Option<&str>, form: &str) -> Result<PresentedClient, Refusal> {
        PresentedClient::read(authorization, &Params::parse(form.as_bytes()).unwrap())
    }

    #[test]
    fn basic_is_form_decoded_and_its_scheme_is_case_insensitive() {
        // CORE-10, C082: a colon in the id arrives percent-encoded.
        for header in [basic("a%3Ab:s%2Bx+y"), basic("a%3Ab:s%2Bx+y").replace("Basic", "bAsIc")] {
            let presented = read(Some(&header), "").unwrap();
            assert_eq!(presented.id.unwrap().as_str(), "a:b");
            assert_eq!(presented.secret.unwrap().expose(), "s+x y");
        }
    }

    #[test]
    fn c082_broken_basic_is_a_failed_authentication() {
        // C082
        let not_utf8 = format!("Basic {}", BASE64_STANDARD.encode([0xFF, b':', b'x']));
        for header in
            ["Basic", "Basic !!!", "Bearer x", &basic("no-colon"), &basic("id:"), &not_utf8]
        {
            let refusal = read(Some(header), "").err().unwrap();
            assert_eq!(refusal.code, ErrorCode::InvalidClient, "{header}");
        }
    }

    #[test]
    fn two_methods_in_one_request_are_an_error() {
        // CORE-09, C081
        let refusal = read(Some(&basic("a:b")), "client_id=a&client_secret=b").err().unwrap();
        assert_eq!(refusal.code, ErrorCode::InvalidRequest);
        let refusal = read(Some(&basic("a:b")), "client_id=other").err().unwrap();
        assert_eq!(refusal.code, ErrorCode::InvalidRequest);
        assert!(read(Some(&basic("a:b")), "client_id=a").is_ok());
    }

    #[test]
    fn no_client_at_all_is_a_failed_authentication() {
        assert_eq!(read(None, "scope=x").err().unwrap().code, ErrorCode::InvalidClient);
    }

    proptest! {
        #[test]
        fn c143_credentials_are_read_as_a_client_writes_them(
            id in r#"[!-~&&[^"\\]]{1,20}"#,
            secret in "\\PC{1,20}",
        ) {
            let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let header = basic(&format!("{}:{}", encode(&id), encode(&secret)));
            let presented = read(Some(&header), "").unwrap();
            let named = presented.id.map(|id| id.as_str().to_owned());
            prop_assert_eq!(named, ClientId::parse(&id).ok().map(|id| id.as_str().to_owned()));
            let given = presented.secret.map(|secret| secret.expose().to_owned());
            prop_assert_eq!(given, Some(secret));
        }
    }
}
