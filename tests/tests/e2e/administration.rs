//! What admins do.

use std::sync::Arc;

use cartwheel_tests::Shop;
use serde_json::{Value, json};

crate::tests![
    accounts_are_found_by_a_part_of_their_address_or_name,
    a_disabled_account_is_out_at_once_and_comes_back,
    an_account_is_administered_from_the_version_that_was_read,
    the_audit_log_tells_what_happened_page_by_page,
];

async fn accounts_are_found_by_a_part_of_their_address_or_name(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let ada = shop.client.shopper().await;
    let renamed = json!({ "fullName": format!("Zoë_100% {}", ada.id) });
    ada.call("PATCH", "/users/me").json(&renamed).send().await.expect(200);
    let find = async |query: &str| {
        let path = format!("/users?limit=100&query={query}");
        let page = admin.call("GET", &path).send().await.expect(200).json();
        let users = page["users"].as_array().unwrap().clone();
        users.into_iter().map(|user| user["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let part = ada.email.split('@').next().unwrap();
    assert!(find(&part.to_uppercase()).await.contains(&ada.id));
    let name = format!("zo%C3%AB_100%25%20{}", ada.id);
    assert_eq!(find(&name).await, [ada.id], "% and _ are themselves");
    assert_eq!(find("no-account-has-this").await, Vec::<i64>::new());
    assert_eq!(find("%27;drop+table+users;--").await, Vec::<i64>::new());
    let first = admin.call("GET", "/users?limit=1").send().await.expect(200).json();
    let path = format!("/users?limit=1&cursor={}", first["nextCursor"].as_str().unwrap());
    let second = admin.call("GET", &path).send().await.expect(200).json();
    assert!(first["users"][0]["id"].as_i64() > second["users"][0]["id"].as_i64());
    let shown = admin.call("GET", &format!("/users/{}", ada.id)).send().await.expect(200).json();
    assert_eq!((&shown["email"], &shown["disabled"]), (&json!(ada.email), &json!(false)));
    admin.call("GET", "/users/999999999").send().await.problem(404, "not-found");
}

async fn a_disabled_account_is_out_at_once_and_comes_back(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let ada = shop.client.shopper().await;
    let path = format!("/users/{}", ada.id);
    let set = async |disabled: bool| {
        let call = admin.call("PATCH", &path).json(&json!({ "disabled": disabled }));
        call.send().await.expect(200).json()["disabled"].clone()
    };
    assert_eq!(set(true).await, true);
    assert_eq!(set(true).await, true, "once more is the same");
    for path in ["/users/me", "/orders/cart"] {
        ada.call("GET", path).send().await.problem(401, "invalid-token");
    }
    shop.client.refresh(&ada.refresh_token).await.problem(401, "invalid-refresh-token");
    shop.client.try_log_in(&ada.email, "correct horse").await.problem(401, "invalid-credentials");
    assert_eq!(set(false).await, false);
    ada.call("GET", "/users/me").send().await.problem(401, "invalid-token");
    shop.client.log_in(&ada.email, "correct horse").await;
}

async fn an_account_is_administered_from_the_version_that_was_read(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let ada = shop.client.shopper().await;
    let path = format!("/users/{}", ada.id);
    let etag = admin.call("GET", &path).send().await.expect(200).header("etag").to_owned();
    let promote = async || {
        let call = admin.call("PATCH", &path).json(&json!({ "role": "admin" }));
        call.header("if-match", &etag).send().await
    };
    assert_eq!(promote().await.expect(200).json()["role"], "admin");
    promote().await.problem(412, "stale-version");
    let nothing = admin.call("PATCH", &path).json(&json!({})).send().await.expect(200).json();
    assert_eq!(nothing["role"], "admin", "what is not named stays");
}

async fn the_audit_log_tells_what_happened_page_by_page(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let ada = shop.client.shopper().await;
    shop.client.try_log_in(&ada.email, "wrong horse").await.problem(401, "invalid-credentials");
    shop.client.log_in(&ada.email, "correct horse").await;
    let body = json!({ "currentPassword": "correct horse", "newPassword": "another horse" });
    ada.call("PUT", "/users/me/password").json(&body).send().await.expect(204);
    for change in [json!({ "role": "admin" }), json!({ "role": "customer" }), json!({ "disabled": true })] {
        admin.call("PATCH", &format!("/users/{}", ada.id)).json(&change).send().await.expect(200);
    }
    let (mut entries, mut cursor) = (Vec::<Value>::new(), String::new());
    loop {
        let path = format!("/users/{}/audit-log?limit=2{cursor}", ada.id);
        let page = admin.call("GET", &path).send().await.expect(200).json();
        entries.extend(page["entries"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let actions: Vec<_> = entries.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected =
        ["register", "login-failed", "login", "password-changed", "role-changed", "role-changed", "disabled"];
    assert_eq!(actions, expected);
    assert_eq!(entries[1]["metadata"], json!({ "by": admin.id, "from": "admin", "to": "customer" }));
    let missing = admin.call("GET", "/users/999999999/audit-log").send().await;
    missing.problem(404, "not-found");
}
