//! What `openapi.yaml` says: the routes that there are, schemas that hold, examples that fit.
//! That the server's answers are what it says is checked with every request of the suite.

use std::collections::BTreeSet;

use chancery::http::routes::ROUTES;
use chancery::protocol::audit::AuditKind;
use chancery::protocol::error::ErrorCode;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::support::{METHODS, Reply, contract};

#[test]
fn the_document_has_the_routes_and_no_others() {
    let described: BTreeSet<(String, String)> =
        operations().map(|(path, method, _)| (path.to_owned(), method.to_uppercase())).collect();
    let served: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_string())).collect();
    assert_eq!(described, served);
}

#[test]
fn every_operation_is_named_once_and_declares_its_path_parameters() {
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} twice");
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(operation["security"].is_array(), "{method} {path}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let declared: Vec<String> = parameters
            .map(|parameter| contract().resolve(parameter))
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
            .collect();
        let expected: Vec<&str> = path.split('/').filter(|part| part.starts_with('{')).collect();
        assert_eq!(declared, expected, "{method} {path}");
    }
}

#[test]
fn the_parameters_in_the_url_are_those_that_the_routes_take() {
    for (path, method, operation) in operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<&str> = parameters
            .map(|parameter| contract().resolve(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let of_path = ROUTES.iter().filter(|route| route.path == path);
        let mut routes = of_path.filter(|route| route.method == method.to_uppercase().as_str());
        let taken = routes.next().unwrap().query.iter().copied().collect();
        assert_eq!(described, taken, "{method} {path}");
    }
}

#[test]
fn every_reference_names_something() {
    fn walk(value: &Value, seen: &mut usize) {
        if value["$ref"].is_string() {
            contract().resolve(value);
            *seen += 1;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, seen)),
            Value::Object(members) => members.values().for_each(|member| walk(member, seen)),
            _ => {}
        }
    }
    let mut seen = 0;
    walk(contract().document(), &mut seen);
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_example_fits_its_schema_and_every_body_has_one() {
    let components = contract().document()["components"]["responses"].as_object().unwrap();
    let mut contents: Vec<(String, &Value)> = Vec::new();
    for (path, method, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        contents.extend(responses.values().map(|one| (format!("{method} {path}"), one)));
        if let Some(content) = operation["requestBody"]["content"].as_object() {
            assert!(content.values().all(|media| !media["example"].is_null()), "{method} {path}");
            contents.push((format!("{method} {path}"), &operation["requestBody"]));
        }
    }
    contents.extend(components.iter().map(|(name, response)| (name.clone(), response)));
    let mut tried = 0;
    for (place, body) in contents {
        for media in body["content"].as_object().into_iter().flat_map(|content| content.values()) {
            if !media["example"].is_null() {
                let fits = contract().validate(&media["schema"], &media["example"]);
                assert_eq!(fits, Ok(()), "{place}");
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn the_lists_of_names_are_those_of_the_server() {
    let schemas = &contract().document()["components"]["schemas"];
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let codes = ErrorCode::EVERY.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(names(&schemas["Error"]["properties"]["error"]["enum"]), codes);
    let kinds = AuditKind::EVERY.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(names(&schemas["AuditKind"]["enum"]), kinds);
}

#[test]
fn an_answer_that_the_document_does_not_have_is_found() {
    let fine = r#"{"status":"ok"}"#;
    assert_eq!(check(&Method::GET, "/healthz", &reply(200, fine)), Ok(()));
    let failing = [
        (Method::GET, "/healthz", reply(200, r#"{"status":"ok","more":1}"#)),
        (Method::GET, "/healthz", reply(200, "{}")),
        (Method::GET, "/healthz", reply(418, fine)),
        (Method::GET, "/nowhere", reply(200, fine)),
        (Method::POST, "/healthz", reply(200, fine)),
        (Method::HEAD, "/healthz", reply(200, fine)),
        (Method::GET, "/admin/v1/users/1", reply(401, INVALID_TOKEN)),
    ];
    for (method, path, reply) in failing {
        assert!(check(&method, path, &reply).is_err(), "{method} {path} {reply:?}");
    }
    let bare = Reply { headers: HeaderMap::new(), ..reply(200, fine) };
    assert!(check(&Method::GET, "/healthz", &bare).is_err());
    let mut challenged = reply(401, INVALID_TOKEN);
    challenged.headers.insert("www-authenticate", r#"Bearer realm="chancery""#.parse().unwrap());
    assert_eq!(check(&Method::GET, "/admin/v1/users/1", &challenged), Ok(()));
    assert!(check(&Method::POST, "/oauth/token", &challenged).is_err());
}

fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = contract().document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        assert!(item.keys().all(|key| METHODS.contains(&key.as_str())), "{path}");
        item.iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn check(method: &Method, path: &str, reply: &Reply) -> Result<(), String> {
    contract().check(method, path, reply)
}

/// An answer with the headers that every private one has.
fn reply(status: u16, body: &str) -> Reply {
    let headers = [
        ("x-request-id", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
    ];
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let status = StatusCode::from_u16(status).unwrap();
    Reply { status, headers: headers.into_iter().collect(), body: body.to_owned() }
}

const INVALID_TOKEN: &str = r#"{"error":"invalid_token","error_description":"it does not work"}"#;

#[test]
fn the_description_is_of_this_version() {
    assert_eq!(contract().document()["info"]["version"], env!("CARGO_PKG_VERSION"));
}
