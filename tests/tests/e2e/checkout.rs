//! One cart, one order; one unit, one buyer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_tests::proxy::Proxy;
use cartwheel_tests::{Answer, Shop};
use futures_util::future::join_all;
use serde_json::json;

crate::tests![
    parallel_checkouts_of_one_cart_are_one_order,
    parallel_checkouts_with_one_key_or_with_twenty_are_answered_with_one_order,
    one_key_with_two_bodies_at_once_is_one_order,
    a_key_that_is_over_stands_for_nothing,
    a_repeat_with_the_same_key_is_the_same_order,
    #[alone]
    the_last_unit_has_one_buyer_among_a_hundred_shoppers,
    #[alone]
    the_last_units_split_over_two_lines_have_one_buyer_among_a_hundred_orders,
    who_orders_too_often_waits,
    what_is_short_is_named_and_the_cart_stays,
    a_price_that_is_not_expected_buys_nothing_and_a_second_try_works,
    parallel_adds_lose_nothing,
    a_lost_answer_of_the_commit_is_still_one_order,
    cancelling_gives_the_stock_back_once,
    a_reservation_without_an_order_is_released_and_one_with_an_order_confirmed,
    a_checkout_asks_each_service_once_and_two_of_them_at_the_same_time,
    the_cart_is_read_before_it_is_known_who_it_is,
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
    assert!(tries.iter().all(|answer| matches!(answer.status, 200 | 201 | 422)), "{tries:?}");
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

async fn parallel_checkouts_with_one_key_or_with_twenty_are_answered_with_one_order(shop: Arc<Shop>) {
    for has_one_key in [true, false] {
        let ada = shop.client.shopper().await;
        let before = shop.stock(64).await;
        ada.add(64, 1).await.expect(200);
        let key = |number: i32| if has_one_key { "the key".to_owned() } else { format!("key {number}") };
        let place =
            async |number| ada.call("POST", "/orders").header("idempotency-key", &key(number)).send().await;
        let tries = join_all((0..20).map(place)).await;
        let bodies: Vec<String> = tries.iter().map(|answer| answer.text().to_owned()).collect();
        assert!(tries.iter().all(|answer| matches!(answer.status, 200 | 201)), "{bodies:?}");
        assert_eq!(bodies.iter().collect::<BTreeSet<_>>().len(), 1, "every response has the same bytes");
        assert_eq!(tries.iter().filter(|answer| answer.status == 201).count(), 1);
        // Whichever key it was, it stands for that order from now on.
        for number in [0, 19] {
            let again = ada.call("POST", "/orders").header("idempotency-key", &key(number)).send().await;
            assert_eq!(again.expect(200).text(), bodies[0]);
        }
        assert_eq!(shop.stock(64).await, before - 1, "one reservation");
    }
    shop.check_ledger().await;
}

async fn one_key_with_two_bodies_at_once_is_one_order(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    ada.add(64, 1).await.expect(200);
    let place = async |notes: &str| {
        let call = ada.call("POST", "/orders").header("idempotency-key", "k");
        call.json(&json!({ "notes": notes })).send().await
    };
    let tries = join_all((0..10).map(|number| place(if number % 2 == 0 { "even" } else { "odd" }))).await;
    let placed: Vec<_> = tries.iter().filter(|answer| matches!(answer.status, 200 | 201)).collect();
    let notes: BTreeSet<String> = placed.iter().map(|answer| answer.json()["notes"].to_string()).collect();
    assert_eq!((placed.len(), notes.len()), (5, 1), "{tries:?}");
    for answer in tries.into_iter().filter(|answer| answer.status >= 400) {
        answer.problem(422, "idempotency-key-reused");
    }
}

async fn a_key_that_is_over_stands_for_nothing(_: Arc<Shop>) {
    let shop = Shop::start(cartwheel_tests::shop::database_port());
    let ada = shop.client.shopper().await;
    let place = async || ada.call("POST", "/orders").header("idempotency-key", "daily").send().await;
    ada.add(21, 1).await.expect(200);
    let first = place().await.expect(201).json();
    ada.add(21, 1).await.expect(200);
    place().await.expect(200);
    // A day later. Firestore removes what is over when it gets round to it, so it is still there.
    let names = shop.documents("idempotency").await;
    assert_eq!(names.len(), 1);
    let over = json!({ "expiresAt": { "timestampValue": "2026-01-01T00:00:00Z" } });
    shop.change_document(&names[0], &over).await;
    let second = place().await.expect(201).json();
    assert_ne!(second["orderId"], first["orderId"]);
    assert_eq!(place().await.expect(200).json()["orderId"], second["orderId"]);
}

async fn who_orders_too_often_waits(_: Arc<Shop>) {
    let shop = Shop::start_with(cartwheel_tests::shop::database_port(), &[("ORDERS_PER_MINUTE", "3")]);
    let (ada, bob) = (shop.client.shopper().await, shop.client.shopper().await);
    for _ in 0..3 {
        ada.add(21, 1).await.expect(200);
        ada.checkout().await.expect(201);
    }
    ada.add(21, 1).await.expect(200);
    let before = shop.stock(21).await;
    let refused = ada.checkout().await;
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    refused.problem(429, "too-many-orders");
    assert_eq!(
        (shop.stock(21).await, &ada.cart().await["itemCount"]),
        (before, &json!(1)),
        "nothing is taken"
    );
    bob.add(21, 1).await.expect(200);
    bob.checkout().await.expect(201);
}

async fn the_last_unit_has_one_buyer_among_a_hundred_shoppers(shop: Arc<Shop>) {
    shop.leave(22, 1, "AAAA").await;
    let shoppers = join_all((0..100).map(|_| shop.client.shopper())).await;
    let added = join_all(shoppers.iter().map(|shopper| shopper.add(22, 1))).await;
    assert!(added.iter().all(|answer| answer.status == 200), "{added:?}");
    let outcomes = join_all(shoppers.iter().map(cartwheel_tests::Shopper::checkout)).await;
    let count = |status| outcomes.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 99), "{outcomes:?}");
    for answer in outcomes.into_iter().filter(|answer| answer.status == 409) {
        answer.problem(409, "insufficient-stock");
    }
    assert_eq!(shop.stock(22).await, 0);
    shop.check_ledger().await;
}

async fn the_last_units_split_over_two_lines_have_one_buyer_among_a_hundred_orders(shop: Arc<Shop>) {
    // A cart joins what is the same, so this is asked of the service that decides.
    shop.leave(62, 2, "BBBC").await;
    let reserve = async |number: i32| {
        let line = json!({ "productId": 62, "quantity": 1 });
        let order = format!("ORD-SP1T-0000-0000-{number:04}");
        let body = json!({ "orderId": order, "lines": [line, line], "ttlSeconds": 3600 });
        shop.internal("POST", "/internal/products/reservations", Some(body)).await.status
    };
    let outcomes = join_all((0..100).map(reserve)).await;
    let count = |status| outcomes.iter().filter(|outcome| **outcome == status).count();
    assert_eq!((count(201), count(409)), (1, 99), "{outcomes:?}");
    assert_eq!(shop.stock(62).await, 0);
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
    // No user owns the tombstone.
    let ada = shop.client.shopper().await;
    ada.call("GET", &format!("/orders/{dead}")).send().await.problem(404, "not-found");
    shop.check_ledger().await;
}

async fn a_checkout_asks_each_service_once_and_two_of_them_at_the_same_time(_: Arc<Shop>) {
    let shop = Shop::start(cartwheel_tests::shop::database_port());
    let ada = shop.client.shopper().await;
    ada.add(29, 1).await.expect(200);
    let (before, from) = (shop.firestore_requests().await, shop.log_length());
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    // The cart's response is delayed, so a checkout that waited for it before calling users would be visible.
    shop.fault(&json!({ "on": "get", "latencyMs": 1500, "times": 1 })).await;
    let call = ada.call("POST", "/orders").header("traceparent", &format!("00-{trace}-{span}-01"));
    let (placed, started) = (call.send(), Instant::now());
    let (placed, asked_after) = tokio::join!(placed, async {
        shop.wait_for_line(from, "/users/verify-token").await;
        started.elapsed()
    });
    placed.expect(201);
    assert!(
        asked_after < Duration::from_millis(1000),
        "asked after {asked_after:?}, when the cart was there"
    );
    let after = shop.firestore_requests().await;
    let difference = |name: &str| after[name].as_i64().unwrap_or(0) - before[name].as_i64().unwrap_or(0);
    assert_eq!((difference("commit"), difference("get"), difference("runQuery")), (1, 1, 0));
    // The lines of one trace say who was asked what.
    let mut asked: Vec<String> = shop
        .log
        .lock()
        .unwrap()
        .iter()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|line| line["trace"] == trace)
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect();
    asked.sort_unstable();
    let expected = [
        "GET /users/verify-token",
        "POST /internal/products/reservations",
        "POST /internal/products/reservations/{orderId}/confirm",
        "POST /orders",
    ];
    assert_eq!(asked, expected);
}

/// The other half: the cart is read while it is not known yet who it is.
async fn the_cart_is_read_before_it_is_known_who_it_is(_: Arc<Shop>) {
    let proxy = Proxy::to(cartwheel_tests::shop::database_port()).await;
    let shop = Shop::start(proxy.port);
    let ada = shop.client.shopper().await;
    proxy.fall_silent();
    let before = shop.firestore_requests().await["get"].as_i64().unwrap_or(0);
    let read = async {
        let deadline = Instant::now() + Duration::from_secs(3);
        while shop.firestore_requests().await["get"].as_i64().unwrap_or(0) == before {
            assert!(Instant::now() < deadline, "the cart is not read while users says nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (answer, ()) = tokio::join!(ada.checkout(), read);
    answer.problem(503, "dependency-unavailable");
}
