//! The settings of a client as arguments. Must not know any command.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::parsers;
use crate::protocol::client::{ClientSettings, GrantType};
use crate::protocol::key::Algorithm;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::Scope;
use crate::protocol::sign_in::{BackchannelUri, PageUri, SignIn};
use crate::protocol::uri::{ResourceUri, WebOrigin};

/// What is given takes the place of what was; a list that of the whole list.
#[derive(Args)]
pub(super) struct SettingsArgs {
    /// It is the operator's own and may handle passwords.
    #[arg(long)]
    first_party: bool,
    /// A grant it may use; may be repeated.
    #[arg(long = "grant", value_name = "GRANT", value_parser = parsers::grant())]
    grants: Vec<GrantType>,
    /// A scope it may ask for; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = Scope::parse)]
    scopes: Vec<Scope>,
    /// A resource it may ask tokens for; may be repeated, the first is the default.
    #[arg(long = "resource", value_name = "URI", value_parser = ResourceUri::parse)]
    resources: Vec<ResourceUri>,
    /// The resource that it is: it may introspect the tokens for it.
    #[arg(long, value_name = "URI", value_parser = ResourceUri::parse)]
    serves: Option<ResourceUri>,
    /// A browser origin from which scripts may call; may be repeated.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = parsers::origin)]
    origins: Vec<WebOrigin>,
    /// Whether its refresh tokens rotate: always, unless it is confidential and this says never.
    #[arg(long, value_enum)]
    rotation: Option<RotationArg>,
    /// A refresh token younger than this is not rotated yet.
    #[arg(long, value_name = "SECONDS")]
    rotate_after: Option<u64>,
    /// A name for people; the id where none is given.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    sign_in: SignInArgs,
}

/// How people sign in to it with a browser.
#[derive(Args)]
struct SignInArgs {
    /// Where browsers may take the answers of a sign-in; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = RedirectUri::parse)]
    redirect_uris: Vec<RedirectUri>,
    /// Where browsers may go after signing out; may be repeated.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI",
        value_parser = RedirectUri::parse)]
    post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it is told that somebody's session has ended.
    #[arg(long, value_name = "URI", value_parser = BackchannelUri::parse)]
    backchannel_logout_uri: Option<BackchannelUri>,
    /// It may sign people in without PKCE; not for a public client.
    #[arg(long)]
    no_pkce: bool,
    /// Ask people whether it may learn of them though it is the operator's own; all others ask anyway.
    #[arg(long)]
    ask_consent: bool,
    /// What its ID tokens are signed with; RS256 where nothing is given.
    #[arg(long, value_name = "ALGORITHM", value_parser = parsers::algorithm())]
    id_token_algorithm: Option<Algorithm>,
    /// What its answers of userinfo are signed with; plain JSON where nothing is given.
    #[arg(long, value_name = "ALGORITHM", value_parser = parsers::algorithm())]
    userinfo_algorithm: Option<Algorithm>,
    /// Its own page.
    #[arg(long, value_name = "URL", value_parser = PageUri::parse)]
    client_uri: Option<PageUri>,
    /// Its privacy policy.
    #[arg(long, value_name = "URL", value_parser = PageUri::parse)]
    policy_uri: Option<PageUri>,
    /// Its terms of service.
    #[arg(long, value_name = "URL", value_parser = PageUri::parse)]
    tos_uri: Option<PageUri>,
}

/// A setting that goes back to what it is where nothing is given.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Reset {
    FirstParty,
    Scopes,
    Resources,
    Serves,
    Origins,
    Rotation,
    RotateAfter,
    RedirectUris,
    PostLogoutRedirectUris,
    BackchannelLogoutUri,
    Pkce,
    Consent,
    IdTokenAlgorithm,
    UserinfoAlgorithm,
    ClientUri,
    PolicyUri,
    TosUri,
}

#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
enum RotationArg {
    Always,
    Never,
}

impl SettingsArgs {
    /// The settings `before`, with what is given instead.
    pub(super) fn over(self, mut before: ClientSettings) -> ClientSettings {
        if self.first_party {
            before.set_first_party(true);
        }
        let rotates = self.rotation.map(|rotation| rotation == RotationArg::Always);
        ClientSettings {
            name: self.name.unwrap_or(before.name),
            first_party: before.first_party,
            grants: given(self.grants, before.grants),
            scope: given(self.scopes, before.scope),
            resources: given(self.resources, before.resources),
            serves: self.serves.or(before.serves),
            origins: given(self.origins, before.origins),
            rotates: rotates.unwrap_or(before.rotates),
            rotate_after: self.rotate_after.map_or(before.rotate_after, Duration::from_secs),
            sign_in: self.sign_in.over(before.sign_in),
        }
    }
}

impl SignInArgs {
    fn over(self, before: SignIn) -> SignIn {
        SignIn {
            redirect_uris: given(self.redirect_uris, before.redirect_uris),
            post_logout_redirect_uris: given(
                self.post_logout_redirect_uris,
                before.post_logout_redirect_uris,
            ),
            backchannel_logout_uri: self.backchannel_logout_uri.or(before.backchannel_logout_uri),
            pkce_required: before.pkce_required && !self.no_pkce,
            skips_consent: before.skips_consent && !self.ask_consent,
            id_token_algorithm: self.id_token_algorithm.unwrap_or(before.id_token_algorithm),
            userinfo_algorithm: self.userinfo_algorithm.or(before.userinfo_algorithm),
            client_uri: self.client_uri.or(before.client_uri),
            policy_uri: self.policy_uri.or(before.policy_uri),
            tos_uri: self.tos_uri.or(before.tos_uri),
        }
    }
}

impl Reset {
    /// Makes the setting what it is where nothing is given.
    pub(super) fn apply(self, settings: &mut ClientSettings) {
        let usual = ClientSettings::named("");
        let (sign_in, usual_sign_in) = (&mut settings.sign_in, usual.sign_in);
        match self {
            Self::FirstParty => settings.set_first_party(false),
            Self::Scopes => settings.scope = usual.scope,
            Self::Resources => settings.resources = usual.resources,
            Self::Serves => settings.serves = usual.serves,
            Self::Origins => settings.origins = usual.origins,
            Self::Rotation => settings.rotates = usual.rotates,
            Self::RotateAfter => settings.rotate_after = usual.rotate_after,
            Self::RedirectUris => sign_in.redirect_uris = usual_sign_in.redirect_uris,
            Self::PostLogoutRedirectUris => {
                sign_in.post_logout_redirect_uris = usual_sign_in.post_logout_redirect_uris;
            }
            Self::BackchannelLogoutUri => {
                sign_in.backchannel_logout_uri = usual_sign_in.backchannel_logout_uri;
            }
            Self::Pkce => sign_in.pkce_required = usual_sign_in.pkce_required,
            Self::Consent => sign_in.skips_consent = settings.first_party,
            Self::IdTokenAlgorithm => {
                sign_in.id_token_algorithm = usual_sign_in.id_token_algorithm;
            }
            Self::UserinfoAlgorithm => {
                sign_in.userinfo_algorithm = usual_sign_in.userinfo_algorithm;
            }
            Self::ClientUri => sign_in.client_uri = usual_sign_in.client_uri,
            Self::PolicyUri => sign_in.policy_uri = usual_sign_in.policy_uri,
            Self::TosUri => sign_in.tos_uri = usual_sign_in.tos_uri,
        }
    }
}

/// What is given, or where that is nothing, what was.
fn given<T, L: FromIterator<T>>(given: Vec<T>, before: L) -> L {
    if given.is_empty() { before } else { given.into_iter().collect() }
}
