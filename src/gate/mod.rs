//! The gate: the verifier as a forward-auth service. Rules from the head of a request to an answer.
//! May import [`crate::config`] and the verifier crate; never a server of HTTP.

mod answer;
mod asked;
mod bearer;
mod identity;
mod measure;

use chancery_verifier::{Freshness, Rejection, Requirement, Settings, Verifier};
use http::Response;
use http::request::Parts;

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
        let token = match bearer::token(&parts.headers) {
            Ok(token) => token,
            Err(none) => return Outcome::NoBearer(none),
        };
        match self.verifier.verify_for(token, &self.requirement(asked)) {
            Ok(token) => {
                let claims = token.claims();
                let identity = Identity::of(Claims {
                    subject: &claims.sub,
                    client: &claims.client_id,
                    scope: claims.scope.as_deref(),
                    session: claims.sid.as_deref(),
                });
                identity.map_or(Outcome::Invalid("no_header_value"), Outcome::Passed)
            }
            Err(rejection) => refuse(rejection),
        }
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

fn refuse(rejection: Rejection) -> Outcome {
    let (name, wait) = (rejection.as_str(), rejection.retry_after());
    match rejection {
        Rejection::Invalid(_) => Outcome::Invalid(name),
        Rejection::InsufficientScope { needed } => Outcome::ScopeNeeded(needed),
        // Whatever else there is or will be, it does not pass.
        _ => Outcome::Unavailable(name, wait.unwrap_or(NO_FEED_WAIT)),
    }
}

/// An issuer may get a feed; nobody knows when.
const NO_FEED_WAIT: u64 = 60;

#[cfg(test)]
mod tests;
