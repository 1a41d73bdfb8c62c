//! The gate: the verifier as a forward-auth service. Rules from the head of a request to an answer.
//! May import [`crate::config`] and the verifier crate; never a server of HTTP.

mod answer;
mod asked;
mod identity;
mod measure;

use chancery_verifier::tower::{Refusal, bearer};
use chancery_verifier::{Freshness, Reason, Rejection, Requirement, Settings, Verifier};
use http::request::Parts;
use http::{Response, Uri};

use crate::config;
use crate::config::Fresh;

use answer::Outcome;
use asked::Asked;
use identity::{Claims, Identity};

/// A gate in front of APIs.
pub struct Gate {
    settings: config::Gate,
    verifier: Verifier,
}

impl Gate {
    /// A gate with these settings, by what `verifier` knows.
    pub fn new(settings: config::Gate, verifier: Verifier) -> Self {
        Self { settings, verifier }
    }

    /// What its verifier must be told: the tokens of `issuer` for the audiences of `settings`. `None`
    /// where they name no audience.
    pub fn verifier_settings(settings: &config::Gate, issuer: &str) -> Option<Settings> {
        let (first, others) = settings.audiences.split_first()?;
        let one = Settings::new(issuer, first)
            .leeway(settings.leeway)
            .max_token_life(settings.max_token_life)
            .max_stale(settings.max_stale);
        Some(others.iter().fold(one, Settings::also_for))
    }

    /// Answers a request to `/verify`, and counts and logs it without anything that it carries.
    pub fn answer(&self, parts: &Parts) -> Response<String> {
        let outcome = self.judge(parts);
        measure::count(&outcome);
        outcome.answer(&self.settings.realm)
    }

    /// Whether tokens can be judged.
    pub fn is_ready(&self) -> bool {
        self.verifier.state().ready
    }

    /// What the verifier knows, in the text format of Prometheus.
    pub fn state_metrics(&self) -> String {
        self.verifier.state().prometheus()
    }

    /// The proxy's question comes first: one that is wrong is wrong for everybody.
    fn judge(&self, parts: &Parts) -> Outcome {
        let settings = &self.settings;
        let asked = match asked::read(parts, &settings.audiences, settings.freshness) {
            Ok(asked) => asked,
            Err(wrong) => return Outcome::Misconfigured(wrong),
        };
        self.identify(parts, asked).map_or_else(Outcome::Refused, Outcome::Passed)
    }

    fn identify(&self, parts: &Parts, asked: Asked) -> Result<Identity, Refusal> {
        // The query is the proxy's question; it holds no token, or is misconfigured.
        let token = bearer(&parts.headers, &Uri::default())?;
        let token = self.verifier.verify_for(token, &self.requirement(asked));
        let token = token.map_err(Refusal::Token)?;
        let claims = token.claims();
        let identity = Identity::of(Claims {
            subject: &claims.sub,
            client: &claims.client_id,
            scope: claims.scope.as_deref(),
            session: claims.sid.as_deref(),
        });
        // They are no values of headers.
        identity.ok_or(Refusal::Token(Rejection::Invalid(Reason::Claims)))
    }

    fn requirement(&self, asked: Asked) -> Requirement {
        let freshness = match asked.fresh {
            Fresh::Standard => Freshness::Standard,
            Fresh::Strict => Freshness::Strict(self.settings.strict_max_stale),
        };
        let wanted = Requirement::new().audience(asked.audience).freshness(freshness);
        asked.scopes.into_iter().fold(wanted, Requirement::scope)
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
