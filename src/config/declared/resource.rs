//! `[[resources]]`.

use std::time::Duration;

use crate::protocol::key::Algorithm;
use crate::protocol::resource::{
    DEFAULT_TOKEN_LIFE, MIN_TOKEN_LIFE, ResourceSettings, RoleScope, ScopeText, is_token_life,
};
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::text::{MAX_NAME, is_plain};
use crate::protocol::uri::ResourceUri;

use super::{Context, Declare};
use crate::config::bounded::seconds;
use crate::config::input::Input;
use crate::config::kind::{Parsed, Refused, Words, list};
use crate::config::section::section;
use crate::config::span::DAY;
use crate::config::wrapped::{Needed, Optional};

/// A resource as declared.
#[derive(Clone, Debug)]
pub struct DeclaredResource {
    /// Its name in the protocol.
    pub uri: ResourceUri,
    /// What its tokens look like.
    pub settings: ResourceSettings,
}

section! {
    /// The members of one of `[[resources]]`.
    pub(super) struct Members, from input {
        /// The name of the API, the audience (`aud`) of its tokens.
        uri: Option<ResourceUri> = None, takes Needed(URI);
        /// A name for people.
        name: Option<String> = None, shown "the URI", takes Optional(NAME);
        /// The scopes that the API knows.
        scopes: ScopeSet = ScopeSet::default(), takes SCOPES;
        /// The scopes that only users of certain roles are granted.
        role_scopes: Vec<RoleScope> = Vec::new(), takes list(ROLE_SCOPE);
        /// What its scopes mean, for the people who are asked for them.
        scope_texts: Vec<ScopeText> = Vec::new(), takes list(SCOPE_TEXT);
        /// What the API's tokens are signed with.
        algorithm: Algorithm = Algorithm::Es256, takes ALGORITHM;
        /// How long the API's tokens live; never longer than `tokens.max_token_life`.
        access_token_ttl: Duration = DEFAULT_TOKEN_LIFE, takes seconds(MIN_TOKEN_LIFE, DAY);
    }
}

pub(super) const URI: Parsed<ResourceUri> = Parsed {
    takes: "an absolute URI without fragment",
    parse: |text| ResourceUri::parse(text).map_err(Refused::because),
    show: ResourceUri::to_string,
};

pub(super) const NAME: Parsed<String> = Parsed {
    takes: "a name of 1 to 200 characters, none of them a control character",
    parse: |text| {
        let fits = !text.is_empty() && is_plain(text, MAX_NAME);
        if fits { Ok(text.to_owned()) } else { Err(Refused::FORM) }
    },
    show: Clone::clone,
};

pub(super) const SCOPES: Words<ScopeSet> = Words {
    takes: "a list of scopes, such as `[\"read\", \"write\"]`",
    parse: |words| {
        let scopes = words.iter().copied().map(Scope::parse).collect::<Result<ScopeSet, _>>();
        scopes.map_err(Refused::because)
    },
    show: ScopeSet::to_string,
};

const ROLE_SCOPE: Parsed<RoleScope> = Parsed {
    takes: "`ROLE=SCOPE`",
    parse: |text| RoleScope::parse(text).ok_or(Refused::FORM),
    show: RoleScope::to_string,
};

const SCOPE_TEXT: Parsed<ScopeText> = Parsed {
    takes: "`SCOPE=TEXT`",
    parse: |text| ScopeText::parse(text).ok_or(Refused::FORM),
    show: ScopeText::to_string,
};

pub(super) const ALGORITHM: Parsed<Algorithm> = Parsed {
    takes: "`ES256`, `RS256`, `PS256` or `EdDSA`",
    parse: |text| Algorithm::parse(text).ok_or(Refused::FORM),
    show: |algorithm| algorithm.as_str().to_owned(),
};

impl Declare for DeclaredResource {
    const LIST: &'static str = "resources";
    const NAME: &'static str = "uri";

    fn read(input: &mut Input<'_>, context: &Context<'_>) -> Option<Self> {
        let members = Members::read(input);
        members.check(input, context);
        let uri = members.uri?;
        let settings = ResourceSettings {
            name: members.name.unwrap_or_else(|| uri.to_string()),
            scope: members.scopes,
            role_scopes: members.role_scopes,
            scope_texts: members.scope_texts,
            algorithm: members.algorithm,
            access_token_ttl: members.access_token_ttl,
        };
        Some(Self { uri, settings })
    }

    fn identity(&self) -> String {
        self.uri.to_string()
    }

    fn label(text: &str) -> Option<String> {
        ResourceUri::parse(text).ok().map(|uri| uri.to_string())
    }
}

impl Members {
    fn check(&self, input: &mut Input<'_>, context: &Context<'_>) {
        let built_in = [context.issuer.own_resource(), context.issuer.admin_resource()];
        input.require(
            self.uri.as_ref().is_none_or(|uri| !built_in.contains(uri)),
            &["uri"],
            "is a resource that the issuer has by itself",
        );
        input.require(
            self.role_scopes.iter().all(|bound| self.scopes.contains(bound.scope.as_str())),
            &["role_scopes", "scopes"],
            "binds a scope that is not among `scopes`",
        );
        input.require(
            self.scope_texts.iter().all(|one| self.scopes.contains(one.scope.as_str())),
            &["scope_texts", "scopes"],
            "describes a scope that is not among `scopes`",
        );
        let longest = context.max_token_life;
        input.require(
            longest.is_none_or(|longest| is_token_life(self.access_token_ttl, longest)),
            &["access_token_ttl"],
            "must be at most tokens.max_token_life",
        );
    }
}
