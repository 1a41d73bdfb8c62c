//! `[[clients]]`.

use std::time::Duration;

use crate::protocol::client::{ClientId, ClientSettings, GrantType};
use crate::protocol::key::Algorithm;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::protocol::sign_in::{BackchannelUri, PageUri, SignIn};
use crate::protocol::uri::{Issuer, ResourceUri, WebOrigin};

use super::resource::{ALGORITHM, NAME, SCOPES, URI};
use super::{Context, Declare, origin};
use crate::config::bounded::seconds;
use crate::config::input::Input;
use crate::config::kind::{Choice, Flag, Parsed, Refused, list};
use crate::config::pages::PAGE;
use crate::config::section::section;
use crate::config::span::MINUTE;
use crate::config::wrapped::{InFile, Needed, Optional};

/// A client as declared.
pub struct DeclaredClient {
    /// Its id in the protocol.
    pub id: ClientId,
    /// Its secret; a public client has none.
    pub secret: Option<ClientSecret>,
    /// What it may do, free of contradictions.
    pub settings: ClientSettings,
}

/// A resource as a client names it.
pub(super) enum Target {
    /// The admin API of this issuer.
    Admin,
    /// The issuer itself.
    Issuer,
    Uri(ResourceUri),
}

section! {
    /// The members of one of `[[clients]]`.
    pub(super) struct Members, from input {
        /// The id by which the client names itself.
        id: Option<ClientId> = None, takes Needed(ID);
        /// A name for people.
        name: Option<String> = None, shown "the id", takes Optional(NAME);
        /// Whether the client has no secret, as an app on somebody's device.
        public: bool = false, takes Flag;
        /// The secret of a client that is not public.
        secret_file: Option<ClientSecret> = None, takes Optional(InFile(SECRET));
        /// Whether the client is the operator's own, and may handle passwords at `/login`.
        first_party: bool = false, takes Flag;
        /// The grants that the client may use at the token endpoint.
        grants: Vec<GrantType> = Vec::new(), takes list(GRANT);
        /// The scopes that the client may ask for.
        scopes: ScopeSet = ScopeSet::default(), takes SCOPES;
        /// The resources that the client may ask tokens for; the first is the default. `issuer`
        /// stands for the issuer itself, `issuer:admin` for its admin API.
        resources: Vec<Target> = Vec::new(), takes list(TARGET);
        /// The resource whose own identity the client is, so that it may introspect its tokens.
        serves: Option<ResourceUri> = None, takes Optional(URI);
        /// The origins of browser pages that may call the server for the client.
        origins: Vec<WebOrigin> = Vec::new(), takes list(origin::ORIGIN);
        /// Whether refresh tokens are replaced when they are used.
        rotation: bool = true, takes Choice(&ROTATION);
        /// A refresh token younger than this is not replaced yet, for clients that fetch several
        /// access tokens one after another.
        rotate_after: Duration = Duration::ZERO, takes seconds(Duration::ZERO, 5 * MINUTE);
        /// Where browsers may take the answers of a sign-in. A loopback address may be called at any
        /// port.
        redirect_uris: Vec<RedirectUri> = Vec::new(), takes list(REDIRECT_URI);
        /// Where browsers may go after signing out.
        post_logout_redirect_uris: Vec<RedirectUri> = Vec::new(), takes list(REDIRECT_URI);
        /// Where the client is told that somebody's session has ended.
        backchannel_logout_uri: Option<BackchannelUri> = None, takes Optional(BACKCHANNEL);
        /// Whether every sign-in must use PKCE, as those of a public client always must.
        pkce_required: bool = true, takes Flag;
        /// Whether people are not asked whether the client may learn of them; only for one that is the
        /// operator's own.
        skips_consent: Option<bool> = None, shown "as `first_party`", takes Optional(Flag);
        /// What the client's ID tokens are signed with.
        id_token_algorithm: Algorithm = Algorithm::Rs256, takes ALGORITHM;
        /// What the client's answers of userinfo are signed with; without it they are plain JSON.
        userinfo_algorithm: Option<Algorithm> = None, takes Optional(ALGORITHM);
        /// The client's own page, to which people are shown a link.
        client_uri: Option<PageUri> = None, takes Optional(PAGE);
        /// The client's privacy policy.
        policy_uri: Option<PageUri> = None, takes Optional(PAGE);
        /// The client's terms of service.
        tos_uri: Option<PageUri> = None, takes Optional(PAGE);
    }
}

const ID: Parsed<ClientId> = Parsed {
    takes: "1 to 128 printable ASCII characters without space, quote and backslash, and no UUID",
    parse: |text| ClientId::parse(text).map_err(|_| Refused::FORM),
    show: ClientId::to_string,
};

const SECRET: Parsed<ClientSecret> = Parsed {
    takes: "32 to 256 printable ASCII characters, generated at random",
    parse: |text| ClientSecret::chosen(text).map_err(|_| Refused::FORM),
    show: |_| "(set)".to_owned(),
};

const GRANT: Parsed<GrantType> = Parsed {
    takes: "`authorization_code`, `client_credentials` or `refresh_token`",
    parse: |text| GrantType::parse(text).ok_or(Refused::FORM),
    show: |grant| grant.as_str().to_owned(),
};

const TARGET: Parsed<Target> = Parsed {
    takes: "an absolute URI without fragment, `issuer` or `issuer:admin`",
    parse: |text| match text {
        "issuer" => Ok(Target::Issuer),
        "issuer:admin" => Ok(Target::Admin),
        _ => ResourceUri::parse(text).map(Target::Uri).map_err(Refused::because),
    },
    show: |target| match target {
        Target::Issuer => "issuer".to_owned(),
        Target::Admin => "issuer:admin".to_owned(),
        Target::Uri(uri) => uri.to_string(),
    },
};

const REDIRECT_URI: Parsed<RedirectUri> = Parsed {
    takes: "an https URI, an http URI of this machine or one of a scheme with a dot, without \
            fragment",
    parse: |text| RedirectUri::parse(text).map_err(Refused::because),
    show: RedirectUri::to_string,
};

const BACKCHANNEL: Parsed<BackchannelUri> = Parsed {
    takes: "an https URI, or an http URI of this machine",
    parse: |text| BackchannelUri::parse(text).map_err(Refused::because),
    show: |uri| uri.as_str().to_owned(),
};

const ROTATION: [(&str, bool); 2] = [("always", true), ("never", false)];

impl DeclaredClient {
    /// Whether it has no secret to prove who it is (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.secret.is_none()
    }
}

impl Declare for DeclaredClient {
    const LIST: &'static str = "clients";
    const NAME: &'static str = "id";

    fn read(input: &mut Input<'_>, context: &Context<'_>) -> Option<Self> {
        let members = Members::read(input);
        input.require(
            members.public || members.secret_file.is_some(),
            &["secret_file", "public"],
            "is needed, unless the client is declared with `public = true`",
        );
        input.require(
            !(members.public && members.secret_file.is_some()),
            &["secret_file", "public"],
            "must not be given for a client with `public = true`",
        );
        let id = members.id?;
        let resources = targets(members.resources, context.issuer);
        let settings = ClientSettings {
            name: members.name.unwrap_or_else(|| id.to_string()),
            first_party: members.first_party,
            grants: unique(members.grants),
            scope: members.scopes,
            resources,
            serves: members.serves,
            origins: unique(members.origins),
            rotates: members.rotation,
            rotate_after: members.rotate_after,
            sign_in: SignIn {
                redirect_uris: unique(members.redirect_uris),
                post_logout_redirect_uris: unique(members.post_logout_redirect_uris),
                backchannel_logout_uri: members.backchannel_logout_uri,
                pkce_required: members.pkce_required,
                skips_consent: members.skips_consent.unwrap_or(members.first_party),
                id_token_algorithm: members.id_token_algorithm,
                userinfo_algorithm: members.userinfo_algorithm,
                client_uri: members.client_uri,
                policy_uri: members.policy_uri,
                tos_uri: members.tos_uri,
            },
        };
        input.accept("id", settings.check(members.public))?;
        Some(Self { id, secret: members.secret_file, settings })
    }

    fn identity(&self) -> String {
        self.id.to_string()
    }

    fn label(text: &str) -> Option<String> {
        ClientId::parse(text).ok().map(|id| id.to_string())
    }
}

fn targets(targets: Vec<Target>, issuer: &Issuer) -> Vec<ResourceUri> {
    let uris = targets.into_iter().map(|target| match target {
        Target::Issuer => issuer.own_resource(),
        Target::Admin => issuer.admin_resource(),
        Target::Uri(uri) => uri,
    });
    unique(uris)
}

/// Each item once, in the order of first mention.
fn unique<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
