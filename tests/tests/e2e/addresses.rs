//! Where goods and bills go.

use std::sync::Arc;

use cartwheel_tests::{Shop, Shopper};
use serde_json::{Value, json};

crate::tests![
    addresses_are_kept_changed_and_removed,
    a_new_default_takes_the_place_of_the_former_one_of_its_type,
    defaults_that_are_set_at_once_leave_one,
    an_address_is_changed_from_the_version_that_was_read,
    all_faults_of_an_address_are_named_at_once,
];

fn address(kind: &str, street: &str, is_default: bool) -> Value {
    json!({
        "addressType": kind, "streetAddress": street, "city": "London", "region": "Greater London",
        "postalCode": "SW1Y 4JH", "country": "GB", "isDefault": is_default,
    })
}

async fn add(shopper: &Shopper, address: &Value) -> Value {
    let added = shopper.call("POST", "/users/me/addresses").json(address).send().await.expect(201);
    assert_eq!(added.header("location"), format!("/users/me/addresses/{}", added.json()["id"]));
    added.json()
}

async fn list(shopper: &Shopper) -> Vec<Value> {
    let page = shopper.call("GET", "/users/me/addresses?limit=100").send().await.expect(200).json();
    page["addresses"].as_array().unwrap().clone()
}

async fn addresses_are_kept_changed_and_removed(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    assert_eq!(list(&ada).await, Vec::<Value>::new());
    let added = add(&ada, &address("shipping", "12 St James Square", false)).await;
    let path = format!("/users/me/addresses/{}", added["id"]);
    assert_eq!(ada.call("GET", &path).send().await.expect(200).json(), added);
    // PUT replaces: what is not sent is not kept.
    let moved =
        json!({ "addressType": "shipping", "streetAddress": "1 Way", "city": "Bath", "country": "GB" });
    let moved = ada.call("PUT", &path).json(&moved).send().await.expect(200).json();
    assert_eq!((&moved["city"], &moved["region"]), (&json!("Bath"), &Value::Null));
    assert_eq!(list(&ada).await, [moved]);
    ada.call("DELETE", &path).send().await.expect(204);
    for method in ["GET", "DELETE"] {
        ada.call(method, &path).send().await.problem(404, "not-found");
    }
}

async fn a_new_default_takes_the_place_of_the_former_one_of_its_type(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let first = add(&ada, &address("shipping", "First Street", true)).await;
    add(&ada, &address("billing", "Bill Street", true)).await;
    add(&ada, &address("shipping", "Second Street", true)).await;
    let defaults = async || {
        let kept = list(&ada).await.into_iter().filter(|address| address["isDefault"] == true);
        kept.map(|address| address["streetAddress"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(defaults().await, ["Bill Street", "Second Street"]);
    let path = format!("/users/me/addresses/{}", first["id"]);
    ada.call("PUT", &path).json(&address("shipping", "First Street", true)).send().await.expect(200);
    assert_eq!(defaults().await, ["First Street", "Bill Street"]);
    // As a billing address it is the default of that type now.
    ada.call("PUT", &path).json(&address("billing", "First Street", true)).send().await.expect(200);
    assert_eq!(defaults().await, ["First Street"]);
}

async fn defaults_that_are_set_at_once_leave_one(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let new = address("shipping", "Some Street", true);
    let writers = (0..16).map(|_| add(&ada, &new));
    futures_util::future::join_all(writers).await;
    let kept = list(&ada).await;
    let defaults = kept.iter().filter(|address| address["isDefault"] == true).count();
    assert_eq!((kept.len(), defaults), (16, 1));
}

async fn an_address_is_changed_from_the_version_that_was_read(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let added = add(&ada, &address("shipping", "Some Street", true)).await;
    let path = format!("/users/me/addresses/{}", added["id"]);
    let etag = ada.call("GET", &path).send().await.expect(200).header("etag").to_owned();
    let change = ada.call("PUT", &path).json(&address("shipping", "Other Street", true));
    change.header("if-match", &etag).send().await.expect(200);
    let change = ada.call("PUT", &path).json(&address("shipping", "Third Street", true));
    change.header("if-match", &etag).send().await.problem(412, "stale-version");
    ada.call("DELETE", &path).header("if-match", &etag).send().await.problem(412, "stale-version");
    assert_eq!(list(&ada).await[0]["streetAddress"], "Other Street");
}

async fn all_faults_of_an_address_are_named_at_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let wrong = json!({
        "addressType": "holiday", "streetAddress": " ", "country": "XX", "postalCode": 7, "isDefault": "yes",
        "userId": 1,
    });
    let refused = ada.call("POST", "/users/me/addresses").json(&wrong).wrong().send().await;
    let refused = refused.problem(422, "validation-failed");
    let mut fields: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    let expected = ["addressType", "city", "country", "isDefault", "postalCode", "streetAddress", "userId"];
    assert_eq!(fields, expected);
}
