//! Access tokens whose signature was checked, by the hash of their whole text. An API asks about the
//! same token again and again, and a signature that was good stays good; everything else about a token
//! is checked each time. Belongs to a key ring, and goes with it when anything that a node remembers changes.

use std::sync::Arc;

use chancery_verifier::claims::{AccessTokenClaims, Audience};

use crate::generations::Generations;
use crate::protocol::key::Kid;
use crate::protocol::secret::SecretHash;

/// What a token says, and the key that signed it.
pub(super) type Signed = (AccessTokenClaims, Kid);

/// The tokens that were asked about last: at most 4,096, and 8 MiB of them. One of a user with few roles takes
/// about a kilobyte. The largest that there are, of 7 KiB, may have so many short roles that one takes 64 kB:
/// bounded in number alone, they would take 264 MB.
pub(super) struct Seen(Generations<[u8; 32], Arc<Signed>>);

impl Default for Seen {
    fn default() -> Self {
        Self(Generations::weighing(GENERATION, |signed| bytes(signed).div_ceil(SHARE)))
    }
}

impl Seen {
    pub(super) fn find(&self, name: &SecretHash) -> Option<Arc<Signed>> {
        self.0.find(name.as_bytes())
    }

    pub(super) fn keep(&self, name: &SecretHash, signed: Arc<Signed>) {
        self.0.keep(*name.as_bytes(), signed);
    }
}

/// About how many bytes of memory a token takes.
fn bytes((claims, kid): &Signed) -> usize {
    // By name, so that no claim is forgotten that comes to them.
    let AccessTokenClaims {
        iss,
        sub,
        aud,
        client_id,
        jti,
        iat: _,
        exp: _,
        scope,
        sid,
        roles,
        auth_time: _,
        acr,
        amr,
    } = claims;
    let (one, several) = match aud {
        Audience::One(one) => (Some(one), None),
        Audience::Several(several) => (None, Some(several)),
    };
    let lists = [roles, amr].into_iter().chain(several);
    let texts = [iss, sub, client_id, jti].into_iter().chain(one);
    let texts = texts.chain(scope).chain(sid).chain(acr).chain(lists.clone().flatten());
    let texts = texts.map(|text| allocated(text.capacity()));
    let lists = lists.map(|list| allocated(list.capacity() * size_of::<String>()));
    let names = allocated(size_of::<Signed>()) + allocated(kid.as_str().len()) + ENTRY;
    names + texts.sum::<usize>() + lists.sum::<usize>()
}

/// What a piece of memory takes, with what the allocator writes beside it.
fn allocated(bytes: usize) -> usize {
    bytes.next_multiple_of(16) + 16
}

/// How many shares are in a generation.
const GENERATION: usize = 2048;
/// In how many bytes a token is counted: one takes a share at least.
const SHARE: usize = 2048;
/// What its place in the table takes: a table is half full at least.
const ENTRY: usize = 2 * size_of::<([u8; 32], Arc<Signed>)>();

#[cfg(test)]
mod tests {
    use super::*;

    /// What a token with so many roles says, read as a token is.
    fn signed(roles: usize) -> Arc<Signed> {
        let roles: Vec<String> = (0..roles).map(|number| format!("{number:02x}")).collect();
        let claims = serde_json::json!({
            "iss": "https://auth.example",
            "sub": "01890a5d-ac96-774b-bcce-b302099a8057",
            "aud": "https://api.example",
            "client_id": "shop",
            "jti": "jKkYgXQZT5kY0tqS1cUO5A",
            "iat": 1_800_000_000,
            "exp": 1_800_000_300,
            "scope": "openid profile orders.read orders.write",
            "sid": "01890a5d-ac96-774b-bcce-b302099a8058",
            "roles": roles,
            "auth_time": 1_800_000_000,
            "amr": ["pwd"],
        });
        let claims = serde_json::from_str(&claims.to_string()).unwrap();
        Arc::new((claims, Kid::new("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")))
    }

    #[test]
    fn however_large_tokens_are_they_are_remembered_in_as_many_bytes() {
        for (roles, of_one, least) in
            [(0, 512..1_536, GENERATION), (10, 1_024..SHARE, GENERATION), (960, 60_000..70_000, 64)]
        {
            let (seen, signed) = (Seen::default(), signed(roles));
            let taken = bytes(&signed);
            assert!(of_one.contains(&taken), "{roles} roles: {taken}");
            for number in 0..3 * GENERATION {
                seen.keep(&SecretHash::of(&number.to_be_bytes()), signed.clone());
            }
            let count = seen.0.len();
            assert!((least..=2 * GENERATION).contains(&count), "{roles} roles: {count}");
            assert!(count * taken <= 8 << 20, "{roles} roles: {count} of {taken}");
        }
    }
}
