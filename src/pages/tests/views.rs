//! Owns what each page promises to browsers, password managers and programs that drive them.
//! Must not import anything but the pages.

use super::samples::all;
use super::{tags, value};
use crate::pages::{
    Account, Brand, ENGLISH, ErrorPage, GERMAN, LANGUAGES, Notice, PasswordProblem, Problem,
    SignIn, SignInProblem, SignOut,
};

fn page(name: &str) -> String {
    all(&Brand::default(), &ENGLISH).into_iter().find(|one| one.0 == name).unwrap().1
}

/// The tags of a page that have all of these attributes.
fn with<'a>(page: &'a str, attributes: &[&str]) -> Vec<&'a str> {
    tags(page).filter(|tag| attributes.iter().all(|one| tag.contains(&format!(" {one}")))).collect()
}

#[test]
fn sign_in_asks_for_username_and_password() {
    let page = page("sign-in");
    assert!(page.contains("<form method=\"post\" action=\"/signin\">"));
    assert_eq!(with(&page, &["name=\"username\"", "autocomplete=\"username\""]).len(), 1);
    let password = ["name=\"password\"", "type=\"password\"", "autocomplete=\"current-password\""];
    assert_eq!(with(&page, &password).len(), 1);
    assert_eq!(with(&page, &["type=\"hidden\"", "name=\"i\"", "value=\"the-i\""]).len(), 1);
    assert_eq!(with(&page, &["type=\"submit\""]).len(), 1);
    assert!(page.contains("Continue to <bdi class=\"name\">Garden Shop</bdi>"), "{page}");
    assert!(!page.contains("role=\"alert\"") && !page.contains("autofocus"));
    assert!(!page.contains("maxlength") && !page.contains("pattern="));
}

/// The field that has the cursor is described by the error, and the password does not come back.
#[test]
fn a_failed_sign_in_says_so_where_the_cursor_is() {
    let page = page("sign-in-wrong");
    assert_eq!(
        with(&page, &["role=\"alert\"", "aria-live=\"assertive\"", "id=\"error\""]).len(),
        1
    );
    let focus = with(&page, &["autofocus"]);
    assert_eq!(focus.len(), 1);
    assert!(
        focus[0].contains("name=\"password\"") && focus[0].contains("aria-describedby=\"error\"")
    );
    // Said once by the alert, and once where one goes on.
    assert_eq!(with(&page, &["aria-describedby=\"error\""]).len(), 1);
    assert!(with(&page, &["type=\"password\""])[0].find(" value=").is_none());
    assert_eq!(with(&page, &["name=\"username\"", "value=\"ada@example.com\""]).len(), 1);
}

#[test]
fn every_problem_has_words_of_its_own() {
    let view =
        SignIn { csrf: "c", i: None, application: None, username: "", again: false, problem: None };
    for texts in LANGUAGES {
        let problems = [
            SignInProblem::Wrong,
            SignInProblem::Missing,
            SignInProblem::Wait,
            SignInProblem::Expired,
            SignInProblem::Unavailable,
        ];
        let said = problems.map(|one| {
            let page = SignIn { problem: Some(one), ..view }.render(&Brand::default(), texts);
            assert_eq!(with(&page, &["name=\"username\"", "autofocus"]).len(), 1);
            page.split("aria-live=\"assertive\">")
                .nth(1)
                .unwrap()
                .split('<')
                .next()
                .unwrap()
                .to_owned()
        });
        all_distinct(&said);
        all_distinct(&ERRORS.map(|problem| error(problem, texts)));
    }
}

const ERRORS: [Problem; 8] = [
    Problem::Request,
    Problem::Application,
    Problem::Redirect,
    Problem::Expired,
    Problem::Forgery,
    Problem::Unavailable,
    Problem::Busy,
    Problem::NotFound,
];

fn error(problem: Problem, texts: &crate::pages::Texts) -> String {
    let view = ErrorPage {
        problem,
        application: None,
        code: None,
        detail: None,
        reference: None,
        retry: None,
    };
    view.render(&Brand::default(), texts)
}

fn all_distinct(all: &[String]) {
    for one in all {
        assert!(!one.is_empty());
        assert_eq!(all.iter().filter(|other| other == &one).count(), 1, "{one}");
    }
}

#[test]
fn consent_says_who_asks_for_what_and_where_it_leads() {
    let page = page("consent");
    assert!(page.contains("<form method=\"post\" action=\"/consent\">"));
    for decision in ["allow", "deny"] {
        let value = format!("value=\"{decision}\"");
        let found = with(&page, &["type=\"submit\"", "name=\"decision\"", &value]);
        assert_eq!(found.len(), 1, "{decision}");
    }
    assert_eq!(with(&page, &["type=\"submit\""]).len(), 2);
    for said in [
        "<bdi class=\"name\">Garden Shop</bdi> wants to access your account",
        "<bdi class=\"name\">ada@example.com</bdi>",
        "<bdi>See your email address</bdi>",
        "<bdi>Read your orders</bdi>",
        "you will be sent to <bdi class=\"name\">shop.example</bdi>",
        "<a href=\"/signin?i=the-i&#38;switch=true\">Use another account</a>",
        "Privacy policy",
        "Terms of service",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    assert!(page.find("you will be sent") < page.find("name=\"decision\""), "before the choice");
}

#[test]
fn an_error_is_one_from_the_title_on_and_its_details_are_english() {
    let page = all(&Brand::default(), &GERMAN).into_iter().find(|one| one.0 == "error").unwrap().1;
    assert!(page.contains("<title>Fehler: "), "{page}");
    assert!(page.contains("<dt>Einzelheiten</dt><dd><bdi lang=\"en\">Garden Shop</bdi>"), "{page}");
    assert_eq!(page.matches("lang=\"en\"").count(), 1);
}

#[test]
fn sign_out_asks_first() {
    let page = page("sign-out");
    assert!(page.contains("<form method=\"post\" action=\"/oauth/logout\">"));
    let button = ["type=\"submit\"", "name=\"decision\"", "value=\"logout\""];
    assert_eq!(with(&page, &button).len(), 1);
    assert_eq!(with(&page, &["type=\"submit\""]).len(), 1);
    let nobody = SignOut { csrf: "c", i: None, application: None, back: None, username: None };
    let alone = nobody.render(&Brand::default(), &ENGLISH);
    assert!(!alone.contains("name=\"i\""));
    // Whoever stays goes back to where he came from.
    assert_eq!(with(&page, &["class=\"button\"", "href=\"https://shop.example/about\""]).len(), 1);
    assert_eq!(with(&alone, &["class=\"button\"", "href=\"/account\""]).len(), 1);
}

#[test]
fn form_post_carries_every_parameter() {
    let page = page("form-post");
    assert!(page.contains("<form method=\"post\" action=\"https://shop.example/about\">"));
    for field in
        ["name=\"code\" value=\"Garden Shop\"", "name=\"iss\" value=\"https://shop.example/about\""]
    {
        assert_eq!(with(&page, &["type=\"hidden\"", field]).len(), 1, "{field}");
    }
    assert_eq!(with(&page, &["type=\"submit\""]).len(), 1);
}

#[test]
fn the_account_shows_sessions_and_how_to_end_them() {
    let page = page("account");
    for said in ["Firefox on Linux", "Safari on iPhone", "Unknown device", "203.0.113.7", "2 h ago"]
    {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches(">This browser<").count(), 1);
    let ends: Vec<_> = with(&page, &["name=\"session\""])
        .into_iter()
        .filter_map(|tag| value(tag, "value"))
        .collect();
    assert_eq!(ends, ["phone", "other", "the-session", "another"]);
    // Two rows may have the same name: what is known of them tells which is meant.
    for id in ["phone", "other", "the-session", "another", "the-client"] {
        let described = format!("aria-describedby=\"facts-{id}\"");
        assert_eq!(with(&page, &[&format!("value=\"{id}\""), &described]).len(), 1, "{id}");
    }
    for button in ["name=\"others\" value=\"true\"", "name=\"client\" value=\"the-client\""] {
        assert_eq!(with(&page, &["type=\"submit\"", button]).len(), 1, "{button}");
    }
    assert!(page.contains("<form method=\"post\" action=\"/account/sign-out\">"));
    for (name, complete) in
        [("current_password", "current"), ("new_password", "new"), ("repeat", "new")]
    {
        let (name, complete) =
            (format!("name=\"{name}\""), format!("autocomplete=\"{complete}-password\""));
        assert_eq!(with(&page, &["type=\"password\"", &name, &complete]).len(), 1, "{name}");
    }
    assert!(page.contains("At least 15 characters."));
}

/// A screen reader begins with the title, and passes over a message that was there from the start.
#[test]
fn what_was_done_is_said_by_the_title() {
    let page = page("account-changed");
    assert!(page.contains("<title>Your password has been changed. "), "{page}");
    assert!(page.contains(" – Your account – Chancery</title>"), "{page}");
}

#[test]
fn one_browser_alone_has_no_others_to_end() {
    assert!(!page("account-changed").contains("name=\"others\""));
}

#[test]
fn the_account_says_what_came_of_a_form() {
    let problems = [
        (PasswordProblem::Wrong, "current_password"),
        (PasswordProblem::Wait, "current_password"),
        (PasswordProblem::Differ, "repeat"),
        (PasswordProblem::Short, "new_password"),
        (PasswordProblem::Long, "new_password"),
        (PasswordProblem::Characters, "new_password"),
        (PasswordProblem::Common, "new_password"),
        (PasswordProblem::Same, "new_password"),
    ];
    let view = Account {
        csrf: "c",
        now: 0,
        username: "ada",
        details: &[],
        managed: false,
        shortest: 12,
        notice: None,
        problem: None,
        browsers: &[],
        more_browsers: false,
        applications: &[],
        more_applications: false,
        consents: &[],
    };
    let said = problems.map(|(problem, field)| {
        let page = Account { problem: Some(problem), ..view }.render(&Brand::default(), &GERMAN);
        let name = format!("name=\"{field}\"");
        let described = ["autofocus", "aria-describedby=\"password-error", name.as_str()];
        assert_eq!(with(&page, &described).len(), 1, "{field}");
        page.split("id=\"password-error\"").nth(1).unwrap().split('<').next().unwrap().to_owned()
    });
    all_distinct(&said);
    let notices = [
        Notice::PasswordChanged,
        Notice::SessionEnded,
        Notice::OthersEnded,
        Notice::ApplicationEnded,
        Notice::ConsentWithdrawn,
        Notice::Gone,
        Notice::Expired,
        Notice::Unavailable,
    ];
    let said = notices.map(|notice| {
        let page = Account { notice: Some(notice), ..view }.render(&Brand::default(), &ENGLISH);
        let role = if notice.failed() { "role=\"alert\"" } else { "role=\"status\"" };
        page.split(role).nth(1).unwrap().split("</p>").next().unwrap().to_owned()
    });
    all_distinct(&said);
}
