//! `GET /account` and what its forms send: where a user looks after his account.
//!
//! Whatever a form has done, the browser goes on by GET. Only what could not be done is told at once.

mod act;
mod page;
mod rows;

use axum::response::Response;
use http::StatusCode;

use self::act::{Act, Done, Undone};
use self::page::{Shown, note, noted, show};
use crate::flows::authorize::browser::{Present, present};
use crate::flows::authorize::interaction::Form;
use crate::flows::server::detached;
use crate::http::cookies;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::pages::{Browser, add_cookie, go};
use crate::pages::{Notice, PasswordProblem, Problem};
use crate::protocol::form::Params;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let browser = Browser::of(&exchange);
    let params = match exchange.query() {
        Ok(params) => params,
        Err(error) => return Ok(browser.failed(error, None, None)),
    };
    let notice = noted(&browser, &params);
    Ok(match signed_in(&exchange, &browser).await {
        Ok(user) => show(&exchange, &browser, &user, Shown { notice, ..Shown::page() }).await,
        Err(answer) => answer,
    })
}

pub(in crate::http) async fn sign_out(exchange: Exchange) -> Result<Response, HttpError> {
    post(exchange, |_| Some(Act::SignOut)).await
}

pub(in crate::http) async fn password(exchange: Exchange) -> Result<Response, HttpError> {
    post(exchange, |params| Some(Act::password(params))).await
}

pub(in crate::http) async fn browsers(exchange: Exchange) -> Result<Response, HttpError> {
    post(exchange, Act::browsers).await
}

pub(in crate::http) async fn applications(exchange: Exchange) -> Result<Response, HttpError> {
    post(exchange, Act::application).await
}

pub(in crate::http) async fn consents(exchange: Exchange) -> Result<Response, HttpError> {
    post(exchange, Act::consent).await
}

/// Does what a form of the page asks for, if it is one of ours (C043).
async fn post(
    mut exchange: Exchange,
    read: fn(&Params<'_>) -> Option<Act>,
) -> Result<Response, HttpError> {
    let form = exchange.page_form().await;
    let browser = Browser::of(&exchange);
    let params = match browser.own_form(&form) {
        Ok(params) => params,
        Err(page) => return Ok(page),
    };
    let user = match signed_in(&exchange, &browser).await {
        Ok(user) => user,
        Err(answer) => return Ok(answer),
    };
    if !browser.sent(Form::Account, user.session.id.as_bytes(), &params) {
        let notice = Some(Notice::Expired);
        let shown = Shown { notice, status: StatusCode::FORBIDDEN, ..Shown::page() };
        return Ok(show(&exchange, &browser, &user, shown).await);
    }
    Ok(match read(&params) {
        Some(act) => carry_out(&exchange, &browser, &user, act).await,
        None => browser.fail(Problem::Request, None, Some("/account")),
    })
}

async fn carry_out(
    exchange: &Exchange,
    browser: &Browser<'_>,
    user: &Present,
    act: Act,
) -> Response {
    let (server, origin, present) = (exchange.server(), exchange.origin(), user.clone());
    let issuer = &exchange.app.server.settings.issuer;
    let done = detached(async move { Ok(act.carry_out(&server, &present, &origin).await) });
    match done.await.unwrap_or_else(|error| Err(error.into())) {
        Ok(Done::Noted(word)) => go(&note(browser, issuer, word)),
        Ok(Done::SignedOut) => {
            with_cookie(go(&issuer.join("/signed-out")), &cookies::clear_session(issuer))
        }
        Ok(Done::PasswordChanged(None)) => go(&note(browser, issuer, "password")),
        Ok(Done::PasswordChanged(Some(cookie))) => {
            let there = go(&note(browser, issuer, "password"));
            with_cookie(there, &cookies::set_session(issuer, &cookie))
        }
        Err(Undone::Gone) => go(&note(browser, issuer, "gone")),
        Err(Undone::Password(problem)) => {
            let (status, problem) = (StatusCode::BAD_REQUEST, Some(problem));
            show(exchange, browser, user, Shown { status, problem, ..Shown::page() }).await
        }
        Err(Undone::TooMany(error)) => {
            let error = HttpError::from(error);
            let (status, problem) = (error.page_status(), Some(PasswordProblem::Wait));
            let shown = Shown { status, problem, ..Shown::page() };
            let mut response = show(exchange, browser, user, shown).await;
            error.note(&mut response);
            response
        }
        Err(Undone::Failed(error)) => browser.failed(error, None, Some("/account")),
    }
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    add_cookie(response.headers_mut(), cookie);
    response
}

/// Who looks, or the answer for whoever is not signed in.
async fn signed_in(exchange: &Exchange, browser: &Browser<'_>) -> Result<Present, Response> {
    let server = exchange.server();
    match present(&server, browser.session.as_ref(), &exchange.origin()).await {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(go(&server.settings.issuer.join("/signin"))),
        Err(error) => Err(browser.failed(error, None, Some("/account"))),
    }
}
