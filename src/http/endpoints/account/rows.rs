//! The rows of the account page, in words. Must not read anything.

use serde_json::Value;

use crate::flows::account::Overview;
use crate::flows::authorize::browser::Present;
use crate::http::endpoints::consent::scopes;
use crate::http::pages::application;
use crate::pages::{Application, ApplicationSession, BrowserSession, Detail, Granted, Scope};
use crate::protocol::client::ClientId;
use crate::protocol::profile::Profile;

/// What the rows show and is stored in another form.
pub(super) struct Words {
    /// Claims with their values, and whether those were verified.
    details: Vec<(&'static str, String, bool)>,
    /// The ids and addresses of browsers.
    browsers: Vec<(String, Option<String>)>,
    /// Those of applications' sessions.
    applications: Vec<(String, Option<String>)>,
}

impl Words {
    pub(super) fn of(user: &Present, overview: &Overview) -> Self {
        let browsers = overview.browsers.iter();
        let applications = overview.applications.iter();
        Self {
            details: CLAIMS.iter().filter_map(|claim| detail(&user.user.profile, claim)).collect(),
            browsers: browsers
                .map(|one| (one.id.to_string(), one.address.map(|ip| ip.to_string())))
                .collect(),
            applications: applications
                .map(|one| (one.id.to_string(), one.address.map(|ip| ip.to_string())))
                .collect(),
        }
    }

    pub(super) fn details(&self) -> Vec<Detail<'_>> {
        let details = self.details.iter();
        details
            .map(|(claim, value, verified)| Detail { claim, value, verified: *verified })
            .collect()
    }

    pub(super) fn browsers<'a>(
        &'a self,
        user: &Present,
        overview: &'a Overview,
    ) -> Vec<BrowserSession<'a>> {
        let rows = overview.browsers.iter().zip(&self.browsers);
        rows.map(|(one, (id, address))| BrowserSession {
            id,
            user_agent: one.user_agent.as_deref(),
            address: address.as_deref(),
            first_seen: one.created_at.seconds(),
            last_seen: one.last_seen.seconds(),
            current: one.id == user.session.id,
        })
        .collect()
    }

    pub(super) fn applications<'a>(
        &'a self,
        overview: &'a Overview,
    ) -> Vec<ApplicationSession<'a>> {
        let rows = overview.applications.iter().zip(&self.applications);
        rows.map(|(one, (id, address))| ApplicationSession {
            id,
            application: named(overview, &one.client_id),
            address: address.as_deref(),
            first_seen: one.created_at.seconds(),
            last_seen: one.last_seen.seconds(),
            offline: one.offline,
        })
        .collect()
    }
}

/// What each consent allows.
pub(super) fn allowed(overview: &Overview) -> Vec<Vec<Scope<'_>>> {
    overview.consents.iter().map(|one| scopes(&one.allowed, &overview.known)).collect()
}

pub(super) fn consents<'a>(
    overview: &'a Overview,
    allowed: &'a [Vec<Scope<'a>>],
) -> Vec<Granted<'a>> {
    let rows = overview.consents.iter().zip(allowed);
    rows.map(|(one, scopes)| Granted {
        client: one.client_id.as_str(),
        application: named(overview, &one.client_id),
        scopes,
        since: one.created_at.seconds(),
    })
    .collect()
}

/// A client, by its id where it is gone.
fn named<'a>(overview: &'a Overview, id: &'a ClientId) -> Application<'a> {
    let client = overview.clients.get(id);
    client.map_or(Application { name: id.as_str(), logo: None }, |client| application(client))
}

/// The standard claims that say something to people, in the order in which they are shown.
const CLAIMS: [&str; 16] = [
    "name",
    "given_name",
    "middle_name",
    "family_name",
    "nickname",
    "preferred_username",
    "email",
    "phone_number",
    "address",
    "birthdate",
    "gender",
    "website",
    "profile",
    "picture",
    "zoneinfo",
    "locale",
];

fn detail(profile: &Profile, claim: &'static str) -> Option<(&'static str, String, bool)> {
    let text = match profile.claim(claim)? {
        Value::Object(parts) => {
            let whole = parts.get("formatted").and_then(Value::as_str);
            let parts = ADDRESS.iter().filter_map(|part| parts.get(*part)?.as_str());
            whole.map_or_else(|| parts.collect::<Vec<_>>().join(", "), str::to_owned)
        }
        value => value.as_str()?.to_owned(),
    };
    let verified = profile.claim(&format!("{claim}_verified")) == Some(&Value::Bool(true));
    Some((claim, text, verified))
}

/// The parts of an address (OIDC Core §5.1.1), of which its whole is made where it is not given.
const ADDRESS: [&str; 5] = ["street_address", "postal_code", "locality", "region", "country"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_shown_with_its_verification_and_an_address_in_its_parts() {
        let profile = json!({
            "email": "ada@example.com",
            "email_verified": true,
            "phone_number": "+442079460018",
            "phone_number_verified": false,
            "address": {"country": "UK", "locality": "London", "street_address": "12 St James"},
        });
        let profile = Profile::parse(profile.as_object().unwrap().clone()).unwrap();
        let shown: Vec<_> = CLAIMS.iter().filter_map(|claim| detail(&profile, claim)).collect();
        let expected = [
            ("email", "ada@example.com".to_owned(), true),
            ("phone_number", "+442079460018".to_owned(), false),
            ("address", "12 St James, London, UK".to_owned(), false),
        ];
        assert_eq!(shown, expected);
    }
}
