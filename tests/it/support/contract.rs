//! The description of the API, `openapi.yaml`, and whether an answer is what it promises.
//! Must not import the server: what is promised is compared with what arrived, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{Method, StatusCode};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::client::Reply;

/// The description, with its schemas compiled as they are needed.
pub(crate) struct Contract {
    document: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// The methods that an operation can have in the description.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The description of this version.
pub(crate) fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        // As YAML 1.2 has it: `y` and `n` are texts.
        let options = serde_saphyr::options! { strict_booleans: true };
        let text = include_str!("../../../openapi.yaml");
        let document = serde_saphyr::from_str_with_options(text, options).unwrap();
        Contract { document, compiled: Mutex::default() }
    })
}

impl Contract {
    /// The whole document.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Whether `reply` is one that the description has for this method and path, to the member.
    pub(crate) fn check(&self, method: &Method, path: &str, reply: &Reply) -> Result<(), String> {
        for (name, value) in ALWAYS {
            let own = name == "content-security-policy" && is_page(reply);
            if !own && reply.header(name) != value {
                return Err(format!("{name} is {:?}, not {value:?}", reply.header(name)));
            }
        }
        if reply.header("x-request-id").is_empty() {
            return Err("there is no x-request-id".to_owned());
        }
        let Some(item) = self.item(path) else {
            return self.refusal(reply, StatusCode::NOT_FOUND, "not_found");
        };
        let bodiless = method == Method::HEAD;
        let name = if bodiless { "get".to_owned() } else { method.as_str().to_ascii_lowercase() };
        if let Some(operation) = item.get(&name) {
            return self.answer(operation, reply, bodiless);
        }
        if method == Method::OPTIONS && reply.status == StatusCode::NO_CONTENT {
            return preflight(reply);
        }
        if reply.header("allow") != allow(item) {
            return Err(format!("allow is {:?}, not {:?}", reply.header("allow"), allow(item)));
        }
        if bodiless {
            return Ok(());
        }
        self.refusal(reply, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
    }

    /// Whether `value` satisfies the schema.
    pub(crate) fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.compile(schema);
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
    }

    /// What a reference names, or the value itself.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let pointer = reference.strip_prefix('#').unwrap();
        self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} names nothing"))
    }

    /// The operations of the path, by its template.
    fn item(&self, path: &str) -> Option<&Map<String, Value>> {
        let paths = self.document["paths"].as_object().unwrap();
        paths.iter().find(|(template, _)| matches(template, path))?.1.as_object()
    }

    fn answer(&self, operation: &Value, reply: &Reply, bodiless: bool) -> Result<(), String> {
        let status = reply.status.as_str();
        let response = operation["responses"].get(status);
        let response = self.resolve(response.ok_or(format!("{status} is not documented"))?);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let header = self.resolve(header);
            let value = reply.header(name);
            if value.is_empty() && header["required"] == true {
                return Err(format!("{name} is missing"));
            }
            self.validate(&header["schema"], &json!(value))
                .map_err(|error| format!("{name}: {error}"))?;
        }
        if bodiless {
            return expect_empty(reply);
        }
        self.body(response, reply)
    }

    fn body(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        let Some(content) = response["content"].as_object() else { return expect_empty(reply) };
        let essence = reply.header("content-type").split(';').next().unwrap_or_default();
        let media = content.get(essence).ok_or(format!("{essence:?} is not documented"))?;
        if !essence.ends_with("json") || essence == "application/x-ndjson" {
            return Ok(());
        }
        let body = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
        self.validate(&media["schema"], &body)
    }

    /// An error that belongs to no operation.
    fn refusal(&self, reply: &Reply, status: StatusCode, code: &str) -> Result<(), String> {
        if reply.status != status {
            return Err(format!("{} and not {status}", reply.status));
        }
        let body: Value = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
        if body["error"] != code {
            return Err(format!("{} and not {code}", body["error"]));
        }
        self.validate(&json!({"$ref": "#/components/schemas/Error"}), &body)
    }

    fn compile(&self, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = compiled.entry(schema.to_string()).or_insert_with(|| {
            let mut root = schema.clone();
            root["components"] = self.document["components"].clone();
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            Arc::new(options.should_validate_formats(true).build(&root).unwrap())
        });
        validator.clone()
    }
}

/// Whether the path is one of the template's; a variable part is never empty.
fn matches(template: &str, path: &str) -> bool {
    let (mut expected, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {}
            (Some(name), Some(part)) if name == part => {}
            _ => return false,
        }
    }
}

/// The `Allow` of the path, in the order in which the router names the methods.
fn allow(item: &Map<String, Value>) -> String {
    let known = METHODS.iter().filter(|method| item.contains_key(**method));
    let names = known.map(|method| if *method == "get" { "GET,HEAD" } else { method });
    names.map(str::to_ascii_uppercase).collect::<Vec<_>>().join(",")
}

fn preflight(reply: &Reply) -> Result<(), String> {
    if reply.header("access-control-allow-origin").is_empty() {
        return Err("a preflight is answered without an origin".to_owned());
    }
    expect_empty(reply)
}

fn expect_empty(reply: &Reply) -> Result<(), String> {
    if reply.body.is_empty() { Ok(()) } else { Err("there is a body".to_owned()) }
}

/// Whether it is a page, whose policy lets in its style and says where its forms lead.
fn is_page(reply: &Reply) -> bool {
    let policy = reply.header("content-security-policy");
    reply.header("content-type").starts_with("text/html")
        && policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'; ")
        && policy.ends_with("; base-uri 'none'; frame-ancestors 'none'")
}

/// The headers of every answer (WEB-02).
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
];
