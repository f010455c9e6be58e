//! Requests as data, with the responses of both emulators.

use bytes::Bytes;
use capability::Http as _;
use http::Request;
use serde_json::{Value, json};

use crate::emulators::{Google, embedded};
use crate::native::Native;

const ROOT: &str = "projects/cartwheel/databases/(default)/documents";

fn write(path: &str, fields: Value, condition: Option<Value>) -> Value {
    let mut write = json!({ "update": { "name": format!("{ROOT}/{path}"), "fields": fields } });
    if let Some(condition) = condition {
        write["currentDocument"] = condition;
    }
    write
}

fn number(value: i64) -> Value {
    json!({ "integerValue": value.to_string() })
}

fn text(value: &str) -> Value {
    json!({ "stringValue": value })
}

fn query(filters: Value, order: Value, extra: Value) -> Value {
    let mut query = json!({ "from": [{ "collectionId": "orders" }], "orderBy": order });
    if filters.as_array().is_some_and(|filters| !filters.is_empty()) {
        query["where"] = json!({ "compositeFilter": { "op": "AND", "filters": filters } });
    }
    for (key, value) in extra.as_object().unwrap() {
        query[key] = value.clone();
    }
    json!({ "structuredQuery": query })
}

fn filter(field: &str, operator: &str, value: Value) -> Value {
    json!({ "fieldFilter": { "field": { "fieldPath": field }, "op": operator, "value": value } })
}

fn order(field: &str, direction: &str) -> Value {
    json!({ "field": { "fieldPath": field }, "direction": direction })
}

/// `(name, path below the root, body)`. They run in this order on an empty database.
fn cases() -> Vec<(&'static str, String, Value)> {
    let commit = |writes: Value| (":commit".to_owned(), json!({ "writes": writes }));
    let mut cases = Vec::new();
    let mut add = |name, (path, body): (String, Value)| cases.push((name, path, body));
    add("a missing document", ("/orders/a".to_owned(), Value::Null));
    add(
        "a document is created",
        commit(json!([write("orders/a", json!({ "n": number(1) }), Some(json!({ "exists": false })))])),
    );
    add("and read", ("/orders/a".to_owned(), Value::Null));
    add(
        "creating it again",
        commit(json!([write("orders/a", json!({ "n": number(2) }), Some(json!({ "exists": false })))])),
    );
    add(
        "updating a missing one",
        commit(json!([write("orders/x", json!({}), Some(json!({ "exists": true })))])),
    );
    add(
        "a stale update time",
        commit(json!([write(
            "orders/a",
            json!({}),
            Some(json!({ "updateTime": "2020-01-01T00:00:00.000001Z" }))
        )])),
    );
    add(
        "all writes or none",
        commit(json!([
            write("orders/b", json!({ "n": number(2) }), None),
            write("orders/a", json!({ "n": number(9) }), Some(json!({ "exists": false }))),
        ])),
    );
    add("so the first of them did not happen", ("/orders/b".to_owned(), Value::Null));
    add(
        "some documents of two owners",
        commit(json!([
            write("orders/c", json!({ "owner": number(7), "n": number(3), "status": text("pending") }), None),
            write("orders/d", json!({ "owner": number(7), "n": number(5), "status": text("shipped") }), None),
            write("orders/e", json!({ "owner": number(7), "n": number(5), "status": text("pending") }), None),
            write("orders/f", json!({ "owner": number(8), "n": number(1), "status": text("pending") }), None),
            write("orders/c/events/1", json!({ "owner": number(7) }), None),
        ])),
    );
    let mut masked = write("orders/d", json!({ "n": number(6) }), None);
    masked["updateMask"] = json!({ "fieldPaths": ["n"] });
    masked["updateTransforms"] = json!([{ "fieldPath": "changes", "increment": number(2) }]);
    add("a masked update with a transform", commit(json!([masked])));
    add("keeps the other fields", ("/orders/d".to_owned(), Value::Null));
    add("a document is deleted", commit(json!([{ "delete": format!("{ROOT}/orders/f") }])));
    add("and is gone", ("/orders/f".to_owned(), Value::Null));
    let run = |body| (":runQuery".to_owned(), body);
    let descending = json!([order("n", "DESCENDING"), order("__name__", "DESCENDING")]);
    let mine = filter("owner", "EQUAL", number(7));
    add("a query in order", run(query(json!([mine]), descending.clone(), json!({}))));
    add("with a limit", run(query(json!([mine]), descending.clone(), json!({ "limit": 2 }))));
    add(
        "with two filters",
        run(query(json!([mine, filter("status", "EQUAL", text("pending"))]), descending.clone(), json!({}))),
    );
    let after = |value| json!({ "startAt": { "values": [value], "before": false } });
    let before = |value| json!({ "startAt": { "values": [value], "before": true } });
    add("behind a cursor", run(query(json!([mine]), json!([order("n", "ASCENDING")]), after(number(3)))));
    add("at a cursor", run(query(json!([mine]), json!([order("n", "ASCENDING")]), before(number(5)))));
    add(
        "a range",
        run(query(
            json!([filter("n", "GREATER_THAN", number(3))]),
            json!([order("n", "ASCENDING")]),
            json!({}),
        )),
    );
    add("nothing", run(query(json!([filter("owner", "EQUAL", number(99))]), json!([]), json!({}))));
    let names = json!([format!("{ROOT}/orders/a"), format!("{ROOT}/orders/x")]);
    add("several at once", (":batchGet".to_owned(), json!({ "documents": names })));
    cases
}

/// Returns the status and the body of the response, without its times, which differ between runs.
async fn respond(http: &Native, url: &str, path: &str, body: &Value) -> String {
    let request =
        Request::builder().uri(format!("{url}/v1/{ROOT}{path}")).header("authorization", "Bearer owner");
    let request = if body.is_null() {
        request.body(Bytes::new())
    } else {
        request.method("POST").header("content-type", "application/json").body(Bytes::from(body.to_string()))
    };
    let response = http.send(request.unwrap()).await.unwrap();
    let mut body: Value = serde_json::from_slice(response.body()).unwrap();
    remove_times(&mut body);
    let text = match body.pointer("/error/status").or(body.pointer("/0/error/status")) {
        Some(status) => status.to_string(),
        None => body.to_string(),
    };
    format!("{} {text}", response.status().as_u16())
}

fn remove_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["createTime", "updateTime", "readTime", "commitTime", "transformResults", "done"] {
                members.remove(name);
            }
            members.values_mut().for_each(remove_times);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(remove_times);
            // Google's emulator may end a stream with an item that has only a time.
            if items.len() > 1 {
                items.retain(|item| item.as_object().is_none_or(|members| !members.is_empty()));
            }
            items.sort_by_key(|item| {
                if item.get("missing").is_some() || item.get("found").is_some() {
                    item.to_string()
                } else {
                    String::new()
                }
            });
        }
        _ => {}
    }
}

#[tokio::test]
async fn both_emulators_respond_alike() {
    let http = Native::new();
    let emulator = embedded().await;
    let google = Google::start().await;
    let mut disagreements = String::new();
    for (name, path, body) in cases() {
        let here = respond(&http, &emulator, &path, &body).await;
        let Some(google) = &google else { continue };
        let there = respond(&http, &google.url, &path, &body).await;
        if here != there {
            disagreements += &format!("{name}\n  embedded: {here}\n  Google's: {there}\n");
        }
    }
    assert!(disagreements.is_empty(), "the emulators disagree:\n{disagreements}");
}

#[tokio::test]
async fn the_embedded_emulator_responds_with_googles_codes() {
    let (http, emulator) = (Native::new(), embedded().await);
    let mut responses = Vec::new();
    for (name, path, body) in cases() {
        responses.push((name, respond(&http, &emulator, &path, &body).await));
    }
    let response = |wanted: &str| responses.iter().find(|(name, _)| *name == wanted).unwrap().1.clone();
    assert_eq!(response("a missing document"), r#"404 "NOT_FOUND""#);
    assert_eq!(response("creating it again"), r#"409 "ALREADY_EXISTS""#);
    assert_eq!(response("updating a missing one"), r#"404 "NOT_FOUND""#);
    assert_eq!(response("a stale update time"), r#"400 "FAILED_PRECONDITION""#);
    assert_eq!(response("so the first of them did not happen"), r#"404 "NOT_FOUND""#);
}
