//! One cart, one order; one unit, one buyer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_tests::{Answer, Shop};
use futures_util::future::join_all;
use serde_json::json;

crate::tests![
    parallel_checkouts_of_one_cart_are_one_order,
    a_repeat_with_the_same_key_is_the_same_order,
    the_last_unit_has_one_buyer,
    what_is_short_is_named_and_the_cart_stays,
    a_price_that_is_not_expected_buys_nothing_and_a_second_try_works,
    parallel_adds_lose_nothing,
    a_lost_answer_of_the_commit_is_still_one_order,
    cancelling_gives_the_stock_back_once,
    a_reservation_without_an_order_is_released_and_one_with_an_order_confirmed,
    a_checkout_is_one_commit,
];

async fn parallel_checkouts_of_one_cart_are_one_order(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let before = shop.stock(20).await;
    ada.add(20, 2).await.expect(200).json();
    let tries = join_all((0..20).map(|_| ada.checkout())).await;
    let placed: Vec<&Answer> = tries.iter().filter(|answer| matches!(answer.status, 200 | 201)).collect();
    let orders: BTreeSet<String> = placed.iter().map(|answer| answer.json()["orderId"].to_string()).collect();
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(placed.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(
        placed
            .iter()
            .filter(|answer| answer.status == 200)
            .all(|answer| answer.header("idempotent-replayed") == "true")
    );
    // Who came after it was done finds an empty cart.
    assert!(tries.iter().all(|answer| matches!(answer.status, 200 | 201 | 422 | 409)), "{tries:?}");
    assert_eq!(shop.stock(20).await, before - 2);
    assert_eq!(
        ada.call("GET", "/orders").send().await.expect(200).json()["orders"].as_array().unwrap().len(),
        1
    );
    shop.check_ledger().await;
}

async fn a_repeat_with_the_same_key_is_the_same_order(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    ada.add(21, 1).await.expect(200).json();
    let place = async |key: &str, notes: &str| {
        let call = ada.call("POST", "/orders").header("idempotency-key", key);
        call.json(&json!({ "notes": notes })).send().await
    };
    let first = place("key-1", "thank you").await.expect(201);
    for _ in 0..3 {
        let again = place("key-1", "thank you").await.expect(200);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
    }
    place("key-1", "another order").await.problem(422, "idempotency-key-reused");
    place("key-2", "thank you").await.problem(422, "cart-empty");
    // Another shopper's key of the same name is another key.
    let bob = shop.client.shopper().await;
    bob.add(21, 1).await.expect(200).json();
    let theirs = bob
        .call("POST", "/orders")
        .header("idempotency-key", "key-1")
        .json(&json!({}))
        .send()
        .await
        .expect(201);
    assert_ne!(theirs.json()["orderId"], first.json()["orderId"]);
}

async fn the_last_unit_has_one_buyer(shop: Arc<Shop>) {
    shop.leave(22, 1, "AAAA").await;
    let shoppers = join_all((0..30).map(|_| shop.client.shopper())).await;
    for shopper in &shoppers {
        shopper.add(22, 1).await.expect(200).json();
    }
    let outcomes = join_all(shoppers.iter().map(cartwheel_tests::Shopper::checkout)).await;
    let count = |status| outcomes.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 29), "{outcomes:?}");
    assert_eq!(shop.stock(22).await, 0);
    shop.check_ledger().await;
}

async fn what_is_short_is_named_and_the_cart_stays(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    ada.add(23, 3).await.expect(200).json();
    ada.add(24, 1).await.expect(200).json();
    shop.leave(23, 2, "BBBB").await;
    let problem = ada.checkout().await.problem(409, "insufficient-stock");
    assert_eq!(
        problem["shortLines"],
        json!([{ "productId": 23, "variantId": null, "requested": 3, "available": 2 }])
    );
    assert_eq!(ada.cart().await["itemCount"], 4);
    let line = ada.cart().await["items"][0].clone();
    assert_eq!((&line["available"], &line["quantity"]), (&json!(2), &json!(3)));
    ada.call("PUT", "/orders/cart/items/23").json(&json!({ "quantity": 2 })).send().await.expect(200).json();
    assert_eq!(ada.checkout().await.expect(201).json()["items"].as_array().unwrap().len(), 2);
    ada.add(23, 1).await.problem(409, "insufficient-stock");
}

async fn a_price_that_is_not_expected_buys_nothing_and_a_second_try_works(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let before = shop.stock(25).await;
    ada.add(25, 1).await.expect(200).json();
    let total = ada.cart().await["totalAmount"].to_string();
    let place = async |expected: &str| {
        ada.call("POST", "/orders").json(&json!({ "expectedTotal": expected })).send().await
    };
    let problem = place("0.01").await.problem(409, "price-changed");
    assert_eq!(problem["totalAmount"].to_string(), total);
    assert_eq!((shop.stock(25).await, &ada.cart().await["itemCount"]), (before, &json!(1)));
    assert_eq!(place(&total).await.expect(201).json()["totalAmount"].to_string(), total);
    shop.check_ledger().await;
}

async fn parallel_adds_lose_nothing(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let added = join_all((40..55).map(|product| ada.add(product, 1))).await;
    assert!(added.iter().all(|answer| answer.status == 200), "{added:?}");
    assert_eq!(ada.cart().await["items"].as_array().unwrap().len(), 15);
}

async fn a_lost_answer_of_the_commit_is_still_one_order(_: Arc<Shop>) {
    // A shop of its own: the faults must hit no other test.
    let shop = Shop::start(cartwheel_tests::shop::database_port());
    for lost in
        [json!({ "after": "cut" }), json!({ "after": "UNAVAILABLE" }), json!({ "before": "UNAVAILABLE" })]
    {
        let ada = shop.client.shopper().await;
        let before = shop.stock(26).await;
        ada.add(26, 1).await.expect(200).json();
        let mut lost = lost;
        lost["on"] = json!("commit");
        lost["times"] = json!(1);
        shop.fault(&lost).await;
        let placed = ada.checkout().await;
        assert!(matches!(placed.status, 200 | 201), "{placed:?}");
        let listed = ada.call("GET", "/orders").send().await.expect(200).json();
        assert_eq!(listed["orders"].as_array().unwrap().len(), 1);
        assert_eq!(shop.stock(26).await, before - 1);
        assert_eq!(ada.cart().await["itemCount"], 0);
    }
    shop.check_ledger().await;
}

async fn cancelling_gives_the_stock_back_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let before = shop.stock(27).await;
    ada.add(27, 3).await.expect(200).json();
    let order = ada.checkout().await.expect(201).json();
    assert_eq!(shop.stock(27).await, before - 3);
    let path = format!("/orders/{}/cancel", order["orderId"].as_str().unwrap());
    let bob = shop.client.shopper().await;
    bob.call("POST", &path).send().await.problem(404, "not-found");
    let cancelled = join_all((0..10).map(|_| ada.call("POST", &path).send())).await;
    for answer in cancelled {
        assert_eq!(answer.expect(200).json()["status"], "cancelled");
    }
    assert_eq!(shop.stock(27).await, before);
    let history =
        ada.call("GET", path.trim_end_matches("/cancel")).send().await.expect(200).json()["history"].clone();
    let states: Vec<_> =
        history.as_array().unwrap().iter().map(|change| change["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["pending", "cancelled"]);
    shop.check_ledger().await;
}

async fn a_reservation_without_an_order_is_released_and_one_with_an_order_confirmed(shop: Arc<Shop>) {
    let before = shop.stock(28).await;
    // A checkout that died after it reserved.
    let dead = "ORD-DEAD-0000-0000-0001";
    let body = json!({ "orderId": dead, "lines": [{ "productId": 28, "quantity": 2 }], "ttlSeconds": 1 });
    shop.internal("POST", "/internal/products/reservations", Some(body.clone())).await.expect(201).json();
    shop.internal("POST", "/internal/products/reservations", Some(body.clone())).await.expect(200).json();
    assert_eq!(shop.stock(28).await, before - 2);
    let path = format!("/internal/products/reservations/{dead}");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        shop.internal("POST", "/internal/orders/reconcile", None).await.expect(200).json();
        let state = shop.internal("GET", &path, None).await.expect(200).json()["state"].clone();
        if state == "released" {
            break;
        }
        assert!(Instant::now() < deadline, "still {state}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(shop.stock(28).await, before);
    let late = shop.internal("POST", "/internal/products/reservations", Some(body)).await;
    late.problem(409, "reservation-released");
    shop.internal("POST", &format!("{path}/confirm"), None).await.problem(409, "reservation-released");
    shop.internal("POST", &format!("{path}/release"), None).await.expect(200).json();
    assert_eq!(shop.stock(28).await, before);
    // The tombstone is nobody's order.
    let ada = shop.client.shopper().await;
    ada.call("GET", &format!("/orders/{dead}")).send().await.problem(404, "not-found");
    shop.check_ledger().await;
}

async fn a_checkout_is_one_commit(_: Arc<Shop>) {
    let shop = Shop::start(cartwheel_tests::shop::database_port());
    let ada = shop.client.shopper().await;
    ada.add(29, 1).await.expect(200).json();
    let before = shop.firestore_requests().await;
    ada.checkout().await.expect(201).json();
    let after = shop.firestore_requests().await;
    let difference = |name: &str| after[name].as_i64().unwrap_or(0) - before[name].as_i64().unwrap_or(0);
    assert_eq!((difference("commit"), difference("get"), difference("runQuery")), (1, 1, 0));
}
