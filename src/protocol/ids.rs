//! Identifiers: 16 bytes inside, the hyphenated hexadecimal form outside.

use std::fmt;

use uuid::{Builder, Uuid};

use super::time::Timestamp;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// An id that sorts by the time of its making (UUIDv7, RFC 9562 §5.7).
            pub fn at(now: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or(0);
                Self(*Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_bytes())
            }

            /// The id in its hyphenated form; other forms are refused.
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() != 36 {
                    return None;
                }
                Uuid::try_parse(text).ok().map(|id| Self(*id.as_bytes()))
            }

            /// The id's bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self)
            }
        }
    };
}

identifier! {
    /// A user; the `sub` of the tokens he gets.
    UserId
}
identifier! {
    /// A session: one login of one user through one client, the `sid` of its tokens. Random, since
    /// it is part of every refresh token.
    SessionId
}
identifier! {
    /// A browser session: one sign-in of one user in one browser, under which applications get
    /// sessions of their own.
    BrowserSessionId
}
identifier! {
    /// One walk from an authorization request to its answer. Random.
    InteractionId
}
identifier! {
    /// What one user allows one client.
    ConsentId
}
identifier! {
    /// A notice that tells a client of the end of a session. Sorts by time.
    NoticeId
}
identifier! {
    /// A client's place in the admin API; the protocol knows it by its
    /// [`ClientId`](super::client::ClientId).
    ClientKey
}
identifier! {
    /// A resource's place in the admin API, so that no URI has to stand in a path.
    ResourceId
}
identifier! {
    /// One row of the audit log.
    AuditId
}
identifier! {
    /// The random mark of one entry of the revocation log, by which a database that lost writes is
    /// told from one that did not.
    Tip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_other_forms_are_refused() {
        let id = UserId::at(Timestamp::from_millis(1_763_000_000_000), [7; 10]);
        assert_eq!(UserId::parse(&id.to_string()), Some(id));
        let simple = id.to_string().replace('-', "");
        assert_eq!(UserId::parse(&simple), None);
        assert_eq!(UserId::parse(&format!("{{{id}}}")), None);
        assert_eq!(UserId::parse(""), None);
    }

    #[test]
    fn ids_sort_by_time() {
        let early = AuditId::at(Timestamp::from_millis(1_000), [255; 10]);
        let late = AuditId::at(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
    }
}
