//! Reading forms and HTTP Basic.

use std::hint::black_box;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chancery::protocol::client_auth::PresentedClient;
use chancery::protocol::form::Params;
use chancery::protocol::token_request::TokenRequest;

use crate::stage::Stage;
use crate::suite::Suite;

pub(crate) fn measure(suite: &mut Suite, stage: &Stage) {
    let (token, _) = stage.refresh_token();
    let body = format!("grant_type=refresh_token&refresh_token={token}&scope=read+write");
    let params = Params::parse(body.as_bytes()).unwrap();
    let (id, secret) = stage.client_credentials();
    let encoded = BASE64_STANDARD.encode(format!("{id}:{secret}"));
    let basic = format!("Basic {encoded}");
    suite
        .of("read a form")
        .bare("`form_urlencoded`", |b| {
            b.iter(|| form_urlencoded::parse(black_box(body.as_bytes())).collect::<Vec<_>>());
        })
        .own("`Params::parse`", |b| b.iter(|| Params::parse(black_box(body.as_bytes()))));
    suite.of("what a refresh asks for").own("`TokenRequest::parse` of the form", |b| {
        b.iter(|| TokenRequest::parse(black_box(&params)));
    });
    suite
        .of("read HTTP Basic")
        .bare("base64 alone", |b| b.iter(|| BASE64_STANDARD.decode(black_box(&encoded))))
        .own("`PresentedClient::read`", |b| {
            b.iter(|| PresentedClient::read(black_box(Some(&basic)), &params));
        });
}
