//! `api/openapi.yaml`, held against what is really said.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use http::{HeaderMap, Method};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::environment;

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
    /// The description, read once.
    pub fn get() -> &'static Self {
        static OPENAPI: OnceLock<OpenApi> = OnceLock::new();
        OPENAPI.get_or_init(|| {
            let text = std::fs::read_to_string(format!("{}/api/openapi.yaml", environment("CARTWHEEL_ROOT")))
                .unwrap();
            let document = serde_norway::from_str(&text).unwrap();
            Self { document, validators: Mutex::default() }
        })
    }

    /// All operations.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, value)| Operation {
                path,
                method: method.to_uppercase(),
                value,
            })
        })
    }

    /// The operation that serves a request. A literal segment counts more than a placeholder.
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
        // Whatever the method: `/users/login` has no GET, although `/users/{id}` has.
        let paths = self.operations().map(|operation| operation.path).filter(|path| fits(path));
        let path = paths.min_by_key(|path| path.matches('{').count())?;
        self.operations().find(|operation| operation.method == method.as_str() && operation.path == path)
    }

    /// Fails if a request is not as described.
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

    /// Fails if an answer is not as described.
    pub fn check_answer(&self, operation: &Operation<'_>, status: u16, headers: &HeaderMap, body: &[u8]) {
        let told = format!("{} {} answered {status}", operation.method, operation.path);
        let described = &operation.value["responses"][status.to_string()];
        assert!(!described.is_null(), "{told}, which is not described: {}", String::from_utf8_lossy(body));
        let described = self.resolve(described);
        for (name, header) in described["headers"].as_object().unwrap() {
            let header = self.resolve(header);
            let value = headers.get(name);
            assert!(value.is_some() || header["required"] != true, "{told} without {name}");
            if let Some(value) = value {
                let value = json!(value.to_str().unwrap());
                self.check(&header["schema"], &value, &format!("{told}, header {name}"));
            }
        }
        let Some(content) = described["content"].as_object() else {
            return assert!(body.is_empty(), "{told} with a body");
        };
        let content_type = headers["content-type"].to_str().unwrap();
        let media = content.get(content_type).unwrap_or_else(|| panic!("{told} as {content_type}"));
        // What is no JSON is a text.
        let value = match content_type.contains("json") && !content_type.contains("ndjson") {
            true => serde_json::from_slice(body).unwrap(),
            false => json!(std::str::from_utf8(body).unwrap()),
        };
        self.check(&media["schema"], &value, &told);
    }

    /// Fails if a value does not fit a schema.
    pub fn check(&self, schema: &Value, value: &Value, told: &str) {
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
        assert!(faults.is_empty(), "{told} does not fit its description: {faults:#?}\n{value:#}");
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap(),
            None => value,
        }
    }

    /// `GET /path` of every operation.
    pub fn routes(&self) -> BTreeSet<String> {
        self.operations().map(|operation| format!("{} {}", operation.method, operation.path)).collect()
    }
}

impl Operation<'_> {
    /// Whether it needs the token of somebody who is logged in.
    pub fn needs_login(&self) -> bool {
        // A guest's token opens a cart as well, and a stranger may begin one.
        let security = self.value["security"].as_array();
        let is_optional = security.is_some_and(|ways| ways.iter().any(|way| way == &json!({})));
        let takes_login = security.is_none_or(|ways| ways.iter().any(|way| !way["bearer"].is_null()));
        takes_login && !is_optional
    }

    /// Whether it needs the token of an admin.
    pub fn needs_admin(&self) -> bool {
        self.value.pointer("/security/0/bearer/0").is_some_and(|role| role == "admin")
    }

    /// Whether it needs the services' token.
    pub fn needs_service(&self) -> bool {
        self.value.pointer("/security/0/serviceToken").is_some()
    }

    /// Whether it reads a body of JSON.
    pub fn has_body(&self) -> bool {
        self.value.pointer("/requestBody/content/application~1json").is_some()
    }

    /// An example of the body that it reads.
    pub fn example_body(&self) -> Option<Value> {
        let schema = self.value.pointer("/requestBody/content/application~1json/schema")?;
        let schema = OpenApi::get().resolve(schema);
        Some(schema["examples"][0].clone())
    }

    /// The fields that the body may have.
    pub fn body_fields(&self) -> BTreeSet<String> {
        let schema = self.value.pointer("/requestBody/content/application~1json/schema");
        let schema = schema.map(|schema| OpenApi::get().resolve(schema));
        let fields = schema.and_then(|schema| schema["properties"].as_object());
        fields.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
    }

    /// Its path with something in the place of each placeholder.
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
