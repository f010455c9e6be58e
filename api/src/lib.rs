//! Validates requests and responses against `api/openapi.yaml`. Fails by panicking, as a test does.
#![forbid(unsafe_code)]
#![allow(
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an assertion of the tests"
)]

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use http::{HeaderMap, Method};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The description of the interface.
pub struct OpenApi {
    /// The whole document.
    pub document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An operation of the description.
pub struct Operation<'d> {
    /// The path with its placeholders.
    pub path: &'d str,
    /// The method in upper case.
    pub method: String,
    value: &'d Value,
}

impl OpenApi {
    /// Returns the description, parsed once.
    pub fn get() -> &'static Self {
        static OPENAPI: OnceLock<OpenApi> = OnceLock::new();
        OPENAPI.get_or_init(|| {
            let document = serde_norway::from_str(include_str!("../openapi.yaml")).unwrap();
            Self { document, validators: Mutex::default() }
        })
    }

    /// Lists all operations.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, value)| Operation {
                path,
                method: method.to_uppercase(),
                value,
            })
        })
    }

    /// Returns the operation that serves a request. A literal segment takes precedence over a placeholder.
    pub fn find(&self, method: &Method, path: &str) -> Option<Operation<'_>> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let fits = |pattern: &str| {
            let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
            pattern.len() == path.len()
                && pattern
                    .iter()
                    .zip(&path)
                    .all(|(expected, segment)| expected.starts_with('{') || expected == segment)
        };
        // For every method: `/users/login` has no GET, although `/users/{id}` has.
        let paths = self.operations().map(|operation| operation.path).filter(|path| fits(path));
        let path = paths.min_by_key(|path| path.matches('{').count())?;
        self.operations().find(|operation| operation.method == method.as_str() && operation.path == path)
    }

    /// Fails if a request differs from the description.
    pub fn check_request(&self, operation: &Operation<'_>, headers: &HeaderMap, body: &[u8]) {
        let (method, path) = (&operation.method, operation.path);
        let described = operation.value.pointer("/requestBody/content/application~1json/schema");
        match described {
            Some(schema) if !body.is_empty() => {
                assert_eq!(headers["content-type"], "application/json", "{method} {path}");
                let body = serde_json::from_slice(body).unwrap();
                self.check(schema, &body, &format!("the request {method} {path}"));
            }
            Some(_) => {
                let is_required = operation.value["requestBody"]["required"] == true;
                assert!(!is_required, "{method} {path} without a body");
            }
            None => {
                let described = operation.value.pointer("/requestBody/content").and_then(Value::as_object);
                let media = headers.get("content-type").and_then(|value| value.to_str().ok());
                let is_described =
                    described.zip(media).is_some_and(|(content, media)| content.contains_key(media));
                assert!(
                    body.is_empty() || is_described,
                    "{method} {path} has no such body in the description"
                );
            }
        }
    }

    /// Fails if a response differs from the description.
    pub fn check_response(&self, operation: &Operation<'_>, status: u16, headers: &HeaderMap, body: &[u8]) {
        let context = format!("{} {} responded {status}", operation.method, operation.path);
        let described = &operation.value["responses"][status.to_string()];
        assert!(!described.is_null(), "{context}, which is not described: {}", String::from_utf8_lossy(body));
        let described = self.resolve(described);
        for (name, header) in described["headers"].as_object().unwrap() {
            let header = self.resolve(header);
            let value = headers.get(name);
            assert!(value.is_some() || header["required"] != true, "{context} without {name}");
            if let Some(value) = value {
                let value = json!(value.to_str().unwrap());
                self.check(&header["schema"], &value, &format!("{context}, header {name}"));
            }
        }
        let Some(content) = described["content"].as_object() else {
            return assert!(body.is_empty(), "{context} with a body");
        };
        let content_type = headers["content-type"].to_str().unwrap();
        let media = content.get(content_type).unwrap_or_else(|| panic!("{context} as {content_type}"));
        // Every other media type is text.
        let value = match content_type.contains("json") && !content_type.contains("ndjson") {
            true => serde_json::from_slice(body).unwrap(),
            false => json!(std::str::from_utf8(body).unwrap()),
        };
        self.check(&media["schema"], &value, &context);
    }

    /// Fails if a value does not match a schema. `context` is for the message.
    pub fn check(&self, schema: &Value, value: &Value, context: &str) {
        let key = schema.to_string();
        let validator = {
            let mut validators = self.validators.lock().unwrap();
            Arc::clone(validators.entry(key).or_insert_with(|| {
                let schema = json!({ "components": self.document["components"], "allOf": [schema] });
                Arc::new(jsonschema::draft202012::options().build(&schema).unwrap())
            }))
        };
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{} at {}", fault, fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{context} does not match its description: {faults:#?}\n{value:#}");
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap(),
            None => value,
        }
    }

    /// Returns `METHOD /path` of every operation.
    pub fn routes(&self) -> BTreeSet<String> {
        self.operations().map(|operation| format!("{} {}", operation.method, operation.path)).collect()
    }
}

impl Operation<'_> {
    /// Returns whether it needs the token of a user.
    pub fn needs_login(&self) -> bool {
        // A cart can also be accessed with a guest's token, and created without one.
        let security = self.value["security"].as_array();
        let is_optional = security.is_some_and(|ways| ways.iter().any(|way| way == &json!({})));
        let takes_login = security.is_none_or(|ways| ways.iter().any(|way| !way["bearer"].is_null()));
        takes_login && !is_optional
    }

    /// Returns whether it needs the token of an admin.
    pub fn needs_admin(&self) -> bool {
        self.value.pointer("/security/0/bearer/0").is_some_and(|role| role == "admin")
    }

    /// Returns whether it needs the service token.
    pub fn needs_service(&self) -> bool {
        self.value.pointer("/security/0/serviceToken").is_some()
    }

    /// Returns whether it has a JSON request body.
    pub fn has_body(&self) -> bool {
        self.value.pointer("/requestBody/content/application~1json").is_some()
    }

    /// Returns an example of its request body.
    pub fn example_body(&self) -> Option<Value> {
        let schema = self.value.pointer("/requestBody/content/application~1json/schema")?;
        let schema = OpenApi::get().resolve(schema);
        Some(schema["examples"][0].clone())
    }

    /// Returns the names of the fields of its request body.
    pub fn body_fields(&self) -> BTreeSet<String> {
        let schema = self.value.pointer("/requestBody/content/application~1json/schema");
        let schema = schema.map(|schema| OpenApi::get().resolve(schema));
        let fields = schema.and_then(|schema| schema["properties"].as_object());
        fields.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
    }

    /// Returns its path with an example value for each placeholder.
    pub fn example_path(&self) -> String {
        self.path
            .replace("{id}", "1")
            .replace("{productId}", "1")
            .replace("{variantId}", "1")
            .replace("{reviewId}", "1")
            .replace("{slug}", "electronics")
            .replace("{orderId}", "ORD-0000-0000-0000-0000")
            .replace("{eventId}", "ORD-0000-0000-0000-0000-1")
    }
}
