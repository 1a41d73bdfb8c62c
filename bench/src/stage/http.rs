//! Requests by HTTP that are not measured themselves.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::figures::Failure;

/// A client with connections of its own.
pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

/// A request with its body.
pub(crate) type Request = hyper::Request<Full<Bytes>>;

pub(crate) fn http() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Asks for a page, which has to be there.
pub(crate) async fn get(url: &str) -> Result<String, Failure> {
    let answer = http().request(hyper::Request::get(url).body(Full::default())?).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status.is_success() {
        Ok(String::from_utf8(body.into())?)
    } else {
        Err(status.to_string().into())
    }
}

pub(crate) fn json_request(url: &str, body: &Value) -> Result<Request, Failure> {
    let request = hyper::Request::post(url).header("content-type", "application/json");
    Ok(request.body(Full::from(body.to_string()))?)
}

pub(crate) fn form_request(url: &str, form: &[(&str, &str)]) -> Result<Request, Failure> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request =
        hyper::Request::post(url).header("content-type", "application/x-www-form-urlencoded");
    Ok(request.body(Full::from(body))?)
}

/// With an access token.
pub(crate) fn authorized(mut request: Request, token: &str) -> Result<Request, Failure> {
    let bearer = format!("Bearer {token}").parse()?;
    request.headers_mut().insert("authorization", bearer);
    Ok(request)
}

/// The answer, which has to be JSON and no refusal.
pub(crate) async fn send(http: &Http, request: Request) -> Result<Value, Failure> {
    let answer = http.request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    let body: Value = serde_json::from_slice(&body)?;
    if status.is_success() { Ok(body) } else { Err(format!("{status}: {body}").into()) }
}

pub(crate) fn member(answer: &Value, name: &str) -> Result<String, Failure> {
    let value = answer[name].as_str();
    Ok(value.ok_or_else(|| format!("the answer has no {name}"))?.to_owned())
}
