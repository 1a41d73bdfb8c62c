//! `[[users]]`.

use crate::protocol::password::{Password, PasswordHash, UserName};
use crate::protocol::profile::{ClaimChange, Profile};
use crate::protocol::user::{Roles, UserStatus};

use super::{Context, Declare};
use crate::config::input::Input;
use crate::config::kind::{Flag, Parsed, Refused, Words};
use crate::config::secret::{self, SecretText};
use crate::config::section::section;
use crate::config::wrapped::{InFile, Needed, Optional};

/// A user as declared.
pub struct DeclaredUser {
    /// The name by which he logs in.
    pub name: UserName,
    /// His password; `None` leaves it as it is, and a new user without one.
    pub password: Option<DeclaredPassword>,
    /// His roles.
    pub roles: Roles,
    /// What is known of him.
    pub profile: Profile,
    /// Whether he may log in.
    pub status: UserStatus,
}

/// A declared password.
pub enum DeclaredPassword {
    /// The password itself, within the policy.
    Plain(Password),
    /// Its hash, made elsewhere, within the budget.
    Hash(PasswordHash),
}

section! {
    /// The members of one of `[[users]]`.
    pub(super) struct Members, from input {
        /// The name by which the user logs in; upper and lower case make no difference.
        name: Option<UserName> = None, takes Needed(NAME);
        /// The password. Without it and `password_hash`, the password is left as it is.
        password_file: Option<SecretText> = None,
            takes Optional(InFile(secret::any("the password")));
        /// The password as a hash made elsewhere.
        password_hash: Option<SecretText> = None,
            takes Optional(secret::any("an argon2, bcrypt, scrypt or PBKDF2 hash"));
        /// The roles.
        roles: Roles = Roles::default(), takes ROLES;
        /// What is known of the user: standard claims of OpenID Connect.
        claims: Profile = Profile::default(), takes CLAIMS;
        /// Whether the user is kept out. Sessions end.
        disabled: bool = false, takes Flag;
    }
}
const NAME: Parsed<UserName> = Parsed {
    takes: "a user name of 1 to 255 bytes without spaces",
    parse: |text| UserName::parse(text).map_err(Refused::because),
    show: |name| name.as_str().to_owned(),
};

const ROLES: Words<Roles> = Words {
    takes: "a list of role names, such as `[\"admin\"]`",
    parse: |names| Roles::from_names(names.iter().copied()).map_err(|_| Refused::FORM),
    show: Roles::to_string,
};

const CLAIMS: Words<Profile> = Words {
    takes: "a list of claims, such as `[\"email=ada@example.com\", \"address.country=UK\"]`",
    parse: |claims| {
        let changes = claims.iter().map(|claim| ClaimChange::parse(claim));
        let changes = changes.collect::<Result<Vec<_>, _>>().map_err(Refused::because)?;
        Profile::default().with(changes).map_err(Refused::because)
    },
    show: |profile| if profile.is_empty() { String::new() } else { profile.to_string() },
};

impl Declare for DeclaredUser {
    const LIST: &'static str = "users";
    const NAME: &'static str = "name";

    fn read(input: &mut Input<'_>, context: &Context<'_>) -> Option<Self> {
        let members = Members::read(input);
        let password = members.password(input, context);
        let status = if members.disabled { UserStatus::Disabled } else { UserStatus::Active };
        let (roles, profile) = (members.roles, members.claims);
        Some(Self { name: members.name?, password, roles, profile, status })
    }

    fn identity(&self) -> String {
        self.name.canonical().to_owned()
    }

    fn label(text: &str) -> Option<String> {
        UserName::parse(text).ok().map(|name| name.as_str().to_owned())
    }
}

impl Members {
    fn password(&self, input: &mut Input<'_>, context: &Context<'_>) -> Option<DeclaredPassword> {
        input.require(
            self.password_file.is_none() || self.password_hash.is_none(),
            &["password_hash", "password_file"],
            "is given as well as password_file; give only one of them",
        );
        if let Some(text) = &self.password_file {
            let password = Password::parse(text.expose(), &context.passwords.policy());
            return input.accept("password_file", password).map(DeclaredPassword::Plain);
        }
        let text = self.password_hash.as_ref()?;
        let hash = PasswordHash::parse(text.expose(), &context.passwords.hash_budget());
        input.accept("password_hash", hash).map(DeclaredPassword::Hash)
    }
}
