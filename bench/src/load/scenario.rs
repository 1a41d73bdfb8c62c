//! The scenarios: what is asked, and against what it is held.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::line::Database;

/// A kind of load.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// A bare program that reads the form of `client-credentials` and signs the same claims.
    Floor,
    /// The same program with a document in its memory.
    FloorDocument,
    /// The same program hashes a password, as costly as by default.
    FloorHash,
    /// Nothing is asked, of a server with the default costs of a password.
    Idle,
    /// PostgreSQL's own load generator with the statement of `refresh`.
    Pgbench,
    /// Tokens for services.
    ClientCredentials,
    /// Chains of refresh tokens, one of each virtual user.
    Refresh,
    /// The same while more people log in than passwords can be hashed at once.
    RefreshDuringLogins,
    /// An API asks about access tokens.
    Introspect,
    /// An API asks about more access tokens than a server remembers, so that each signature is checked.
    IntrospectUnseen,
    /// Refresh tokens are revoked, each of another session.
    Revoke,
    /// Logins, with password hashes of the default cost.
    Login,
    /// The key set.
    Jwks,
    /// The metadata.
    Discovery,
    /// All of these together.
    Mixed,
}

impl Scenario {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether the server is not what is measured.
    pub(crate) fn is_floor(self) -> bool {
        matches!(self, Self::Floor | Self::FloorDocument | Self::FloorHash)
    }

    /// Whether it is put on a server of ours.
    pub(crate) fn is_server(self) -> bool {
        !self.is_floor() && self != Self::Pgbench
    }

    /// Whether a database has nothing to do meanwhile.
    pub(super) fn leaves_the_database_alone(self) -> bool {
        match self {
            Self::ClientCredentials
            | Self::Introspect
            | Self::IntrospectUnseen
            | Self::Jwks
            | Self::Discovery => true,
            _ => self.is_floor(),
        }
    }

    /// Whether what is measured signs tokens.
    pub(crate) fn signs(self) -> bool {
        !matches!(self, Self::FloorDocument | Self::FloorHash | Self::Idle | Self::Pgbench)
    }

    /// Whether it can be measured there.
    pub(crate) fn is_on(self, database: Option<Database>) -> bool {
        match self {
            _ if self.is_floor() => database.is_none(),
            Self::Pgbench => database == Some(Database::Postgres),
            _ => database.is_some(),
        }
    }

    /// The ratios to other scenarios of the same run: what they are called, and of which figure.
    pub(super) fn comparisons(self) -> &'static [(Figure, Figure, Self)] {
        match self {
            Self::Floor | Self::ClientCredentials => {
                &[(Figure::RatioToFloor, Figure::Cpu, Self::Floor)]
            }
            Self::Refresh => &[
                (Figure::RatioToFloor, Figure::Cpu, Self::Floor),
                (Figure::ShareOfPgbench, Figure::PerSecond, Self::Pgbench),
            ],
            Self::FloorDocument | Self::Jwks | Self::Discovery => {
                &[(Figure::RatioToFloor, Figure::Cpu, Self::FloorDocument)]
            }
            Self::RefreshDuringLogins => &[(Figure::RatioToCalm, Figure::P99, Self::Refresh)],
            Self::FloorHash => &[(Figure::RatioToFloor, Figure::Cpu, Self::FloorHash)],
            Self::Login => &[
                (Figure::RatioToFloor, Figure::Cpu, Self::FloorHash),
                (Figure::AboveHash, Figure::Cpu, Self::FloorHash),
            ],
            Self::Idle
            | Self::Pgbench
            | Self::Introspect
            | Self::IntrospectUnseen
            | Self::Revoke
            | Self::Mixed => &[],
        }
    }

    /// Whether password hashes have the default cost, since they are a part of what is measured.
    pub(crate) fn hashes(self) -> bool {
        matches!(self, Self::Idle | Self::Login | Self::Mixed | Self::RefreshDuringLogins)
    }

    /// Whether each request uses up something that was made beforehand.
    pub(super) fn consumes(self) -> bool {
        self == Self::Revoke
    }
}
