//! The administrator, by HTTP.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

use crate::figures::Failure;
use crate::stage::Node;
use crate::stage::http::{Http, authorized, http, json_request, member, send};

/// An administrator at a node, who also has a session whose tokens he revokes one by one.
pub(super) struct Admin {
    http: Http,
    url: String,
    access: String,
    basic: String,
    refresh: String,
}

impl Admin {
    pub(super) async fn login(node: &Node) -> Result<Self, Failure> {
        let http = http();
        let [username, password, client_id, client_secret] =
            ["USERNAME", "PASSWORD", "CLIENT_ID", "CLIENT_SECRET"].map(|name| node.secret(name));
        let (client_id, client_secret) = (client_id?, client_secret?);
        let mut login = json!({
            "username": username?,
            "password": password?,
            "client_id": "chancery-admin",
        });
        let url = format!("{}/login", node.url);
        let admin = send(&http, json_request(&url, &login)?).await?;
        login["client_id"] = json!(client_id);
        login["client_secret"] = json!(client_secret);
        let session = send(&http, json_request(&url, &login)?).await?;
        let basic = BASE64_STANDARD.encode(format!("{client_id}:{client_secret}"));
        Ok(Self {
            http,
            url: node.url.clone(),
            access: member(&admin, "access_token")?,
            basic: format!("Basic {basic}"),
            refresh: member(&session, "refresh_token")?,
        })
    }

    /// A new access token for the demo API.
    pub(super) async fn token(&mut self) -> Result<String, Failure> {
        let form = format!("grant_type=refresh_token&refresh_token={}", self.refresh);
        let request = Request::post(format!("{}/oauth/token", self.url))
            .header("authorization", &self.basic)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(form))?;
        let answer = send(&self.http, request).await?;
        self.refresh = member(&answer, "refresh_token")?;
        member(&answer, "access_token")
    }

    /// Revokes one access token.
    pub(super) async fn revoke(&self, token: &str) -> Result<(), Failure> {
        let payload = token.split('.').nth(1).ok_or("not a token")?;
        let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?;
        let body = json!({"kind": "jti", "value": claims["jti"]});
        let request = json_request(&format!("{}/admin/v1/revocations", self.url), &body)?;
        send(&self.http, authorized(request, &self.access)?).await?;
        Ok(())
    }
}
