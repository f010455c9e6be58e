//! One's own account: the profile, the sessions, the password, and the way out.

use std::sync::Arc;

use cartwheel_tests::shop::users_db;
use cartwheel_tests::{Shop, Shopper};
use serde_json::{Value, json};

crate::tests![
    a_name_is_changed_from_the_version_that_was_read,
    sessions_are_listed_with_their_devices_and_ended_one_by_one,
    sessions_are_listed_page_by_page,
    an_export_has_everything_that_is_stored_about_a_user,
    an_account_is_erased_with_its_password_and_its_address_is_free_again,
    #[alone]
    two_hundred_registrations_of_one_address_make_one_account,
    two_shoppers_on_one_instance_never_see_each_other,
];

async fn a_name_is_changed_from_the_version_that_was_read(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let read = ada.call("GET", "/users/me").send().await.expect(200);
    let etag = read.header("etag").to_owned();
    let rename = async |name: &str, if_match: &str| {
        let call = ada.call("PATCH", "/users/me").json(&json!({ "fullName": name }));
        call.header("if-match", if_match).send().await
    };
    let renamed = rename("Ada King", &etag).await.expect(200);
    assert_eq!(renamed.json()["fullName"], "Ada King");
    assert_ne!(renamed.header("etag"), etag);
    rename("Another Name", &etag).await.problem(412, "stale-version");
    rename("Another Name", &format!("W/{}", renamed.header("etag"))).await.problem(412, "stale-version");
    rename("Another Name", "garbage").await.problem(412, "stale-version");
    rename("Ada Lovelace", &format!("\"0\", {}", renamed.header("etag"))).await.expect(200);
    rename("Ada", "*").await.expect(200);
    let plain = ada.call("PATCH", "/users/me").json(&json!({ "fullName": " Countess  " }));
    assert_eq!(plain.send().await.expect(200).json()["fullName"], "Countess");
    assert_eq!(ada.call("GET", "/users/me").send().await.json()["fullName"], "Countess");
}

async fn sessions_of(shopper: &Shopper) -> Vec<Value> {
    let page = shopper.call("GET", "/users/me/sessions").send().await.expect(200).json();
    page["sessions"].as_array().unwrap().clone()
}

async fn sessions_are_listed_with_their_devices_and_ended_one_by_one(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let body = json!({ "email": ada.email, "password": "correct horse" });
    // These headers have no effect: the recorded address is the one that the host saw.
    let login = shop.client.call("POST", "/users/login").json(&body).header("user-agent", "Phone/1.0");
    let login = login.header("spin-client-addr", "198.51.100.1:1").header("x-forwarded-for", "198.51.100.2");
    let login = login.header("forwarded", "for=198.51.100.3").header("x-real-ip", "198.51.100.4");
    let phone = login.send().await.expect(200).json();
    let listed = sessions_of(&ada).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["userAgent"], &listed[0]["ip"]), (&json!("Phone/1.0"), &json!("127.0.0.1")));
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(false), &json!(true)));

    let path = format!("/users/me/sessions/{}", listed[0]["id"]);
    ada.call("DELETE", &path).send().await.expect(204);
    ada.call("DELETE", &path).send().await.problem(404, "not-found");
    assert_eq!(sessions_of(&ada).await.len(), 1);
    let token = phone["token"].as_str().unwrap();
    shop.client.call("GET", "/users/me").bearer(token).send().await.problem(401, "invalid-token");
    let refresh = phone["refreshToken"].as_str().unwrap();
    shop.client.refresh(refresh).await.problem(401, "invalid-refresh-token");
}

async fn sessions_are_listed_page_by_page(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for _ in 0..4 {
        shop.client.log_in(&ada.email, "correct horse").await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/users/me/sessions?limit=2{cursor}");
        let page = ada.call("GET", &path).send().await.expect(200).json();
        seen.extend(page["sessions"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        // It is good for this list, as it was given out, and for nothing else.
        let foreign = ada.call("GET", &format!("/users/me/addresses?cursor={next}")).send().await;
        foreign.problem(400, "invalid-parameter");
        let changed = ada.call("GET", &format!("/users/me/sessions?cursor={next}A")).send().await;
        changed.problem(400, "invalid-parameter");
        cursor = format!("&cursor={next}");
        // A login meanwhile shifts nothing.
        shop.client.log_in(&ada.email, "correct horse").await;
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
}

async fn an_export_has_everything_that_is_stored_about_a_user(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let address =
        json!({ "addressType": "billing", "streetAddress": "1 Way", "city": "Bath", "country": "GB" });
    ada.call("POST", "/users/me/addresses").json(&address).send().await.expect(201);
    let export = ada.call("GET", "/users/me/export").send().await.expect(200).json();
    assert_eq!(export["user"]["email"], ada.email);
    assert_eq!(export["addresses"][0]["city"], "Bath");
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(export["messages"][0]["kind"], "email-verification");
    let actions: Vec<_> =
        export["auditLog"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["register", "address-added"]);
    for secret in ["argon2", "hash", "Hash", "salt", "password"] {
        assert!(!export.to_string().contains(secret), "{secret}");
    }
}

async fn an_account_is_erased_with_its_password_and_its_address_is_free_again(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let erase = async |password: &str| {
        ada.call("DELETE", "/users/me").json(&json!({ "password": password })).send().await
    };
    erase("wrong horse").await.problem(403, "wrong-password");
    ada.call("GET", "/users/me").send().await.expect(200);
    erase("correct horse").await.expect(204);
    ada.call("GET", "/users/me").send().await.problem(401, "invalid-token");
    shop.client.refresh(&ada.refresh_token).await.problem(401, "invalid-refresh-token");
    shop.client.try_log_in(&ada.email, "correct horse").await.problem(401, "invalid-credentials");
    // Not with what stands in the place of the address either.
    let stand_in = format!("erased-{}@erased.invalid", ada.id);
    shop.client.try_log_in(&stand_in, "").await.problem(401, "invalid-credentials");
    let body = json!({ "email": ada.email, "password": "another horse", "fullName": "Ada" });
    let again = shop.client.call("POST", "/users/register").json(&body).send().await.expect(201).json();
    assert_ne!(again["user"]["id"], ada.id);
}

async fn two_hundred_registrations_of_one_address_make_one_account(shop: Arc<Shop>) {
    let email = format!("one-{}@example.com", std::process::id());
    let registrations = (0..200).map(|number| {
        let shop = Arc::clone(&shop);
        let email = if number % 2 == 0 { email.clone() } else { email.to_uppercase() };
        async move {
            let body = json!({ "email": email, "password": "correct horse", "fullName": "One" });
            shop.client.call("POST", "/users/register").json(&body).send().await.status
        }
    });
    let mut statuses = futures_util::future::join_all(registrations).await;
    statuses.sort_unstable();
    for line in shop.log.lock().unwrap().iter().filter(|line| line.contains("503")) {
        println!("{line}");
    }
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 199][..]));
    let count = "select count(*) from users where email = $1";
    let count: i64 = users_db().await.query_one(count, &[&email]).await.unwrap().get(0);
    assert_eq!(count, 1);
}

async fn two_shoppers_on_one_instance_never_see_each_other(shop: Arc<Shop>) {
    use futures_util::StreamExt as _;
    let shoppers = [shop.client.shopper().await, shop.client.shopper().await];
    let paths = ["/users/me", "/users/verify-token", "/users/me/sessions"];
    let requests = futures_util::stream::iter(0..1000_usize).map(|number| {
        let shopper = &shoppers[number % 2];
        let path = paths[number % 3];
        async move {
            let id = format!("turn-{number}");
            let answer = shopper.call("GET", path).header("x-request-id", &id).send().await.expect(200);
            assert_eq!(answer.header("x-request-id"), id);
            let body = answer.json();
            match path {
                "/users/me" => assert_eq!(body["id"], shopper.id),
                "/users/verify-token" => assert_eq!(body["userId"], shopper.id),
                _ => assert_eq!(body["sessions"].as_array().unwrap().len(), 1),
            }
        }
    });
    requests.buffer_unordered(16).collect::<Vec<()>>().await;
}
