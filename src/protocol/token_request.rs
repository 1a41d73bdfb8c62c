//! Requests to the token endpoint and to `/login`, parsed once into types.

use zeroize::Zeroizing;

use super::authorization_code::Code;
use super::client::GrantType;
use super::error::{ErrorCode, Refusal};
use super::form::Params;
use super::pkce;
use super::reason::Reason;
use super::refresh_token::UnverifiedRefreshToken;
use super::scope::ScopeSet;
use super::uri::ResourceUri;

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub struct Requested {
    /// The scopes; none asks for what the client is registered for.
    pub scope: Option<ScopeSet>,
    /// The resources (RFC 8707 §2); none asks for the default.
    pub resources: Vec<ResourceUri>,
}

/// A request to the token endpoint.
pub enum TokenRequest {
    /// RFC 6749 §4.1.3.
    AuthorizationCode(CodeRequest, Requested),
    /// RFC 6749 §4.4.2.
    ClientCredentials(Requested),
    /// RFC 6749 §6. None where the text is no refresh token of ours: it is refused like a revoked
    /// one, after the client was authenticated.
    Refresh(Option<UnverifiedRefreshToken>, Requested),
}

impl TokenRequest {
    /// Parses the form.
    pub fn parse(params: &Params<'_>) -> Result<Self, Refusal> {
        let name =
            params.value("grant_type").ok_or(Refusal::invalid_request("grant_type is missing"))?;
        let requested = || Requested::parse(params.value("scope"), params.values("resource"));
        match GrantType::parse(name) {
            Some(GrantType::ClientCredentials) => requested().map(Self::ClientCredentials),
            Some(GrantType::RefreshToken) => {
                let token = params
                    .value("refresh_token")
                    .ok_or(Refusal::invalid_request("refresh_token is missing"))?;
                Ok(Self::Refresh(UnverifiedRefreshToken::parse(token), requested()?))
            }
            Some(GrantType::AuthorizationCode) => {
                // RFC 6749 §4.1.3 has no scope here: it was granted with the code.
                let requested = Requested::parse(None, params.values("resource"))?;
                Ok(Self::AuthorizationCode(CodeRequest::parse(params)?, requested))
            }
            None => Err(Refusal::new(
                ErrorCode::UnsupportedGrantType,
                "this grant_type is not supported",
                Reason::GrantUnknown,
            )),
        }
    }

    /// The grant that the request uses.
    pub fn grant(&self) -> GrantType {
        match self {
            Self::AuthorizationCode(..) => GrantType::AuthorizationCode,
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
            Self::Refresh(..) => GrantType::RefreshToken,
        }
    }
}

/// What comes with an authorization code.
pub struct CodeRequest {
    /// The code. None where the text is none of ours: it is refused like one that was used.
    pub code: Option<Code>,
    /// Where the code was sent, as the client says.
    pub redirect_uri: Option<String>,
    /// What answers the challenge (RFC 7636 §4.5).
    pub verifier: Option<Zeroizing<String>>,
}

impl CodeRequest {
    /// Parses the form.
    pub fn parse(params: &Params<'_>) -> Result<Self, Refusal> {
        let code = params.value("code").ok_or(Refusal::invalid_request("code is missing"))?;
        let verifier = params.value("code_verifier");
        if verifier.is_some_and(|verifier| !pkce::is_verifier(verifier)) {
            let text = "code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~";
            return Err(Refusal::invalid_request(text));
        }
        Ok(Self {
            code: Code::parse(code),
            redirect_uri: params.value("redirect_uri").map(str::to_owned),
            verifier: verifier.map(|verifier| Zeroizing::new(verifier.to_owned())),
        })
    }
}

impl Requested {
    /// Parses `scope` and every `resource`.
    pub fn parse<'a>(
        scope: Option<&str>,
        resources: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Refusal> {
        if scope.is_some_and(|scope| scope.len() > MAX_SCOPE) {
            return Err(Refusal::invalid_scope());
        }
        let scope = scope
            .map(ScopeSet::parse)
            .transpose()
            .map_err(|_| Refusal::invalid_scope())?
            .filter(|scope| !scope.is_empty());
        let mut distinct = Vec::new();
        for resource in resources {
            let resource = ResourceUri::parse(resource)
                .map_err(|_| Refusal::invalid_target("resource is not an absolute URI"))?;
            if !distinct.contains(&resource) {
                distinct.push(resource);
            }
        }
        Ok(Self { scope, resources: distinct })
    }
}

/// A request to `/login`, before the user name and password are read.
pub struct LoginRequest {
    /// Who logs in.
    pub credentials: Credentials,
    /// What is asked for.
    pub requested: Requested,
}

/// What somebody says who he is, not judged yet.
pub struct Credentials {
    /// As typed.
    pub username: String,
    /// As typed.
    pub password: Zeroizing<String>,
}

/// The longest list of scopes, in bytes: an access token with more would not fit its size budget.
const MAX_SCOPE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(form: &str) -> ErrorCode {
        let params = Params::parse(form.as_bytes()).unwrap();
        TokenRequest::parse(&params).err().unwrap().code
    }

    #[test]
    fn wrong_grant_types_are_told_apart() {
        // C088
        assert_eq!(code("scope=x"), ErrorCode::InvalidRequest);
        assert_eq!(code("grant_type="), ErrorCode::InvalidRequest);
        for grant in ["password", "implicit", "REFRESH_TOKEN", "urn:x"] {
            assert_eq!(code(&format!("grant_type={grant}")), ErrorCode::UnsupportedGrantType);
        }
        assert_eq!(code("grant_type=refresh_token"), ErrorCode::InvalidRequest);
        assert_eq!(code("grant_type=authorization_code"), ErrorCode::InvalidRequest);
    }

    #[test]
    fn malformed_scopes_and_resources_have_their_own_codes() {
        let with = |rest: &str| code(&format!("grant_type=client_credentials&{rest}"));
        assert_eq!(with("scope=a%22b"), ErrorCode::InvalidScope);
        // C037: 10,000 scopes.
        let many = format!("scope={}", "a+".repeat(10_000));
        assert_eq!(with(&many), ErrorCode::InvalidScope);
        assert_eq!(with("resource=api"), ErrorCode::InvalidTarget);
        assert_eq!(with("resource=https://a.example/%23f"), ErrorCode::InvalidTarget);
    }
}
