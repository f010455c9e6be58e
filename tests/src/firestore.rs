//! Firestore behind the shop's back: what goes wrong with it, what was asked of it, and what is in it.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::Shop;

const ROOT: &str = "projects/cartwheel/databases/(default)/documents";

impl Shop {
    /// Tells the Firestore emulator what shall go wrong.
    pub async fn fault(&self, fault: &Value) {
        let body = fault.to_string();
        let request = Request::put(format!("{}/emulator/v1/faults", self.firestore_url()));
        emulator(request.body(Full::new(Bytes::from(body))).unwrap()).await;
    }

    /// Nothing goes wrong any more.
    pub async fn no_faults(&self) {
        let request = Request::delete(format!("{}/emulator/v1/faults", self.firestore_url()));
        emulator(request.body(Full::default()).unwrap()).await;
    }

    /// How often each operation of Firestore was asked for.
    pub async fn firestore_requests(&self) -> Value {
        let request = Request::get(format!("{}/emulator/v1/requests", self.firestore_url()));
        emulator(request.body(Full::default()).unwrap()).await
    }

    /// A document, in Firestore's form.
    pub async fn document(&self, path: &str) -> Value {
        let request = Request::get(format!("{}/v1/{ROOT}/{path}", self.firestore_url()));
        let request = request.header("authorization", "Bearer owner");
        emulator(request.body(Full::default()).unwrap()).await
    }

    /// The paths of all documents of a collection.
    pub async fn documents(&self, collection: &str) -> Vec<String> {
        let query = json!({ "structuredQuery": { "from": [{ "collectionId": collection }] } });
        let request = Request::post(format!("{}/v1/{ROOT}:runQuery", self.firestore_url()));
        let request = request.header("authorization", "Bearer owner");
        let found = emulator(request.body(Full::new(Bytes::from(query.to_string()))).unwrap()).await;
        let names = found.as_array().unwrap().iter().filter_map(|item| item["document"]["name"].as_str());
        names.map(|name| name.strip_prefix(ROOT).unwrap().trim_start_matches('/').to_owned()).collect()
    }

    /// Changes fields of a document, in Firestore's form, behind the shop's back.
    pub async fn change_document(&self, path: &str, fields: &Value) {
        let names: Vec<&String> = fields.as_object().unwrap().keys().collect();
        let write = json!({ "update": { "name": format!("{ROOT}/{path}"), "fields": fields },
            "updateMask": { "fieldPaths": names } });
        let request = Request::post(format!("{}/v1/{ROOT}:commit", self.firestore_url()));
        let request = request.header("authorization", "Bearer owner");
        let body = json!({ "writes": [write] }).to_string();
        emulator(request.body(Full::new(Bytes::from(body))).unwrap()).await;
    }
}

async fn emulator(request: Request<Full<Bytes>>) -> Value {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}
