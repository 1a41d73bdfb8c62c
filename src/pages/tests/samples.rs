//! One view of each kind, as a test or a look at the pages needs them.

use crate::pages::{
    Account, Application, ApplicationSession, Brand, BrowserSession, Consent, Destination, Detail,
    ErrorPage, GoOn, Granted, Notice, PasswordProblem, Problem, Scope, SignIn, SignInProblem,
    SignOut, SignedOut, Texts,
};
use crate::protocol::picture::PictureHash;

/// 2026-11-22T11:33:20Z.
const NOW: i64 = 1_795_347_200;

const SHOP: Application<'_> = Application { name: "Garden Shop", logo: None };
const MAIL: Application<'_> = Application { name: "Mailbox", logo: None };

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

/// What stands in the places of a view that somebody else fills.
#[derive(Clone, Copy)]
pub(crate) struct Foreign<'a> {
    pub(crate) name: &'a str,
    pub(crate) username: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) path: Option<&'a str>,
    pub(crate) logo: Option<PictureHash>,
}

/// What is usual there.
pub(crate) const USUAL: Foreign<'_> = Foreign {
    name: "Garden Shop",
    username: "ada@example.com",
    uri: "https://shop.example/about",
    path: None,
    logo: None,
};

/// Every page with its name, in one language.
pub(crate) fn all(brand: &Brand, texts: &Texts) -> Vec<(&'static str, String)> {
    let mut pages = foreign(brand, texts, USUAL);
    let sign_in = sign_in(USUAL);
    let wrong = SignIn { problem: Some(SignInProblem::Wrong), ..sign_in };
    let blank = SignIn { username: "", application: None, i: None, ..sign_in };
    let again = SignIn { again: true, ..sign_in };
    let form_post =
        GoOn { to: "https://shop.example/cb", application: Some(SHOP), fields: Some(&[]) };
    let fresh = Account {
        browsers: &BROWSERS[..1],
        applications: &[],
        consents: &[],
        details: &[],
        ..account(USUAL)
    };
    let changed = Account { notice: Some(Notice::PasswordChanged), ..fresh };
    let failed = Account { problem: Some(PasswordProblem::Short), ..fresh };
    pages.extend([
        ("sign-in-wrong", wrong.render(brand, texts)),
        ("sign-in-first", blank.render(brand, texts)),
        ("sign-in-again", again.render(brand, texts)),
        ("form-post-empty", form_post.render(brand, texts)),
        ("account-changed", changed.render(brand, texts)),
        ("account-password", failed.render(brand, texts)),
    ]);
    pages
}

/// One page of each kind, with foreign texts in every place that takes them.
pub(crate) fn foreign(
    brand: &Brand,
    texts: &Texts,
    from: Foreign<'_>,
) -> Vec<(&'static str, String)> {
    let application = Application { name: from.name, logo: from.logo };
    let sign_out = SignOut {
        csrf: "the-csrf",
        i: Some("the-i"),
        application: Some(application),
        back: Some(from.uri),
        username: Some(from.username),
    };
    let signed_out = SignedOut { application: Some(application), back: Some(from.uri) };
    let error = ErrorPage {
        problem: Problem::Redirect,
        application: Some(application),
        code: Some("invalid_request"),
        detail: Some(from.name),
        reference: Some("0198c6a2-7f3e"),
        retry: from.path,
    };
    let fields = [("code", from.name), ("iss", from.uri), (from.name, "value")];
    let form_post = GoOn { to: from.uri, application: Some(application), fields: Some(&fields) };
    vec![
        ("sign-in", sign_in(from).render(brand, texts)),
        ("consent", consent(brand, texts, from)),
        ("error", error.render(brand, texts)),
        ("sign-out", sign_out.render(brand, texts)),
        ("signed-out", signed_out.render(brand, texts)),
        ("form-post", form_post.render(brand, texts)),
        ("go-on", GoOn { fields: None, ..form_post }.render(brand, texts)),
        ("account", full_account(brand, texts, from)),
    ]
}

fn sign_in(from: Foreign<'_>) -> SignIn<'_> {
    SignIn {
        csrf: "the-csrf",
        i: Some("the-i"),
        application: Some(Application { name: from.name, logo: from.logo }),
        username: from.username,
        again: false,
        problem: None,
    }
}

fn consent(brand: &Brand, texts: &Texts, from: Foreign<'_>) -> String {
    let scope = |name| Scope { name: Some(name), description: None, resource: None };
    let orders = Scope {
        name: Some("orders:read"),
        description: Some("Read your orders"),
        resource: Some(from.name),
    };
    let told = Scope { name: Some("x"), description: Some(from.name), resource: Some("Orders") };
    let scopes = [
        scope("openid"),
        scope("profile"),
        scope("email"),
        orders,
        told,
        scope(from.username),
        scope("offline_access"),
    ];
    let consent = Consent {
        csrf: "the-csrf",
        i: "the-i",
        application: Application { name: from.name, logo: from.logo },
        username: from.username,
        switch: "/signin?i=the-i&switch=true",
        scopes: if from.name == USUAL.name { &scopes[..4] } else { &scopes },
        destination: Destination::Host("shop.example"),
        website: Some(from.uri),
        policy: Some(from.uri),
        terms: Some(from.uri),
    };
    consent.render(brand, texts)
}

const BROWSERS: [BrowserSession<'_>; 3] = [
    BrowserSession {
        id: "this",
        user_agent: Some(FIREFOX),
        address: Some("203.0.113.7"),
        first_seen: NOW - 40_000,
        last_seen: NOW - 20,
        current: true,
    },
    BrowserSession {
        id: "phone",
        user_agent: Some(SAFARI),
        address: Some("2001:db8:85a3::8a2e:370:7334"),
        first_seen: NOW - 4_000_000,
        last_seen: NOW - 8_000,
        current: false,
    },
    BrowserSession {
        id: "other",
        user_agent: None,
        address: None,
        first_seen: NOW - 2_000_000,
        last_seen: NOW - 900_000,
        current: false,
    },
];

fn account(from: Foreign<'_>) -> Account<'_> {
    Account {
        csrf: "the-csrf",
        now: NOW,
        username: from.username,
        details: &[],
        managed: false,
        shortest: 15,
        notice: None,
        problem: None,
        browsers: &BROWSERS,
        more_browsers: false,
        applications: &[],
        more_applications: false,
        consents: &[],
    }
}

fn full_account(brand: &Brand, texts: &Texts, from: Foreign<'_>) -> String {
    let application = Application { name: from.name, logo: from.logo };
    let detail = |claim, value, verified| Detail { claim, value, verified };
    let scope = |name| Scope { name: Some(name), description: None, resource: None };
    let orders = Scope {
        name: Some("orders:read"),
        description: Some("Read your orders"),
        resource: Some(from.name),
    };
    let session = ApplicationSession {
        id: "the-session",
        application,
        address: Some("198.51.100.20"),
        first_seen: NOW - 90_000,
        last_seen: NOW - 400,
        offline: true,
    };
    let account = Account {
        details: &[
            detail("name", "Ada Lovelace", false),
            detail("email", from.username, true),
            detail("phone_number", "+44 20 7946 0018", false),
            detail("birthdate", "10 December 1815", false),
            detail("address", "12 St James’s Square, London SW1Y 4JH", false),
        ],
        applications: &[
            session,
            ApplicationSession { id: "another", application: MAIL, offline: false, ..session },
        ],
        consents: &[Granted {
            client: "the-client",
            application,
            scopes: &[scope("profile"), scope("email"), orders, scope("offline_access")],
            since: NOW - 3_000_000,
        }],
        ..account(from)
    };
    account.render(brand, texts)
}
