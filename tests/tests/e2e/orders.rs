//! Orders after the checkout: who sees them, who changes their status, and which events are delivered.

use std::collections::BTreeSet;
use std::sync::Arc;

use cartwheel_tests::shop::database_port;
use cartwheel_tests::{Answer, Shop, Shopper};
use futures_util::future::join_all;
use serde_json::{Value, json};

crate::tests![
    an_admin_sees_all_orders_by_user_and_status_page_by_page,
    an_order_moves_along_the_allowed_edges_only,
    a_move_starts_from_the_version_that_it_names,
    an_admin_who_cancels_gives_the_stock_back_once,
    every_change_is_delivered_once_signed_and_in_sequence,
    an_event_that_does_not_arrive_is_given_up_after_five_tries_and_can_be_retried,
    an_event_survives_a_crash_between_its_commit_and_its_delivery,
    order_numbers_cannot_be_enumerated,
];

async fn order(shopper: &Shopper, product: i64) -> String {
    shopper.add(product, 1).await.expect(200);
    shopper.checkout().await.expect(201).json()["orderId"].as_str().unwrap().to_owned()
}

async fn set_status(admin: &Shopper, order: &str, status: &str) -> Answer {
    let call = admin.call("PATCH", &format!("/orders/{order}/status"));
    call.json(&json!({ "status": status })).send().await
}

fn ids(list: &Value) -> Vec<String> {
    list["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["orderId"].as_str().unwrap().to_owned())
        .collect()
}

async fn an_admin_sees_all_orders_by_user_and_status_page_by_page(shop: Arc<Shop>) {
    let (admin, ada, bob) = (shop.admin().await, shop.client.shopper().await, shop.client.shopper().await);
    let mut hers = Vec::new();
    for _ in 0..3 {
        hers.push(order(&ada, 50).await);
    }
    let his = order(&bob, 50).await;
    hers.reverse();
    let list = async |query: &str| {
        admin.call("GET", &format!("/orders/all?{query}")).send().await.expect(200).json()
    };
    assert_eq!(ids(&list(&format!("userId={}", ada.id)).await), hers);
    set_status(&admin, &hers[1], "confirmed").await.expect(200);
    assert_eq!(ids(&list(&format!("userId={}&status=confirmed", ada.id)).await), [hers[1].clone()]);
    assert_eq!(
        ids(&list(&format!("userId={}&status=pending", ada.id)).await),
        [hers[0].clone(), hers[2].clone()]
    );
    // All of them, in pages of two.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=2{cursor}")).await;
        assert!(page["orders"].as_array().unwrap().iter().all(|order| !order["userId"].is_null()), "{page}");
        seen.extend(ids(&page));
        match page["nextCursor"].as_str() {
            Some(next) if seen.len() < 400 => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    assert!(hers.iter().chain([&his]).all(|order| seen.contains(order)));
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "none twice");
    list("status=shipped").await;
    admin.call("GET", &format!("/orders/{his}")).send().await.expect(200);
    ada.call("GET", &format!("/orders/{his}")).send().await.problem(404, "not-found");
    ada.call("GET", "/orders/all").send().await.problem(403, "admin-only");
    for query in ["status=lost", "userId=x", "limit=0", "cursor=x"] {
        let call = admin.call("GET", &format!("/orders/all?{query}")).wrong();
        call.send().await.problem(400, "invalid-parameter");
    }
}

async fn an_order_moves_along_the_allowed_edges_only(shop: Arc<Shop>) {
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let order = order(&ada, 51).await;
    let path = format!("/orders/{order}");
    let refused = async |status: &str, allowed: Value| {
        let problem = set_status(&admin, &order, status).await.problem(409, "illegal-transition");
        assert_eq!(problem["allowed"], allowed, "to {status}");
    };
    refused("shipped", json!(["confirmed", "cancelled"])).await;
    refused("delivered", json!(["confirmed", "cancelled"])).await;
    set_status(&admin, &order, "confirmed").await.expect(200);
    let again = set_status(&admin, &order, "confirmed").await.expect(200).json();
    assert_eq!(again["history"].as_array().unwrap().len(), 2, "a repeat is a success and changes nothing");
    refused("delivered", json!(["shipped", "cancelled"])).await;
    set_status(&admin, &order, "shipped").await.expect(200);
    refused("cancelled", json!(["delivered"])).await;
    let late = ada.call("POST", &format!("{path}/cancel")).send().await.problem(409, "illegal-transition");
    assert_eq!(late["allowed"], json!(["delivered"]));
    set_status(&admin, &order, "delivered").await.expect(200);
    refused("cancelled", json!([])).await;
    let history = ada.call("GET", &path).send().await.expect(200).json()["history"].clone();
    let statuses: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["status"].as_str().unwrap(), change["actor"].as_str().unwrap()))
        .collect();
    let expected =
        [("pending", "customer"), ("confirmed", "admin"), ("shipped", "admin"), ("delivered", "admin")];
    assert_eq!(statuses, expected);
    for status in [json!("pending"), json!("lost"), json!(1), Value::Null] {
        let call = admin.call("PATCH", &format!("{path}/status")).json(&json!({ "status": status })).wrong();
        call.send().await.problem(422, "validation-failed");
    }
    set_status(&ada, &order, "delivered").await.problem(403, "admin-only");
    set_status(&admin, "ORD-0000-0000-0000-0000", "confirmed").await.problem(404, "not-found");
}

async fn a_move_starts_from_the_version_that_it_names(shop: Arc<Shop>) {
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let order = order(&ada, 51).await;
    let path = format!("/orders/{order}");
    let old = ada.call("GET", &path).send().await.expect(200).header("etag").to_owned();
    let change = async |etag: &str, status: &str| {
        let call = admin.call("PATCH", &format!("{path}/status")).header("if-match", etag);
        call.json(&json!({ "status": status })).send().await
    };
    let confirmed = change(&old, "confirmed").await.expect(200);
    change(&old, "shipped").await.problem(412, "stale-version");
    assert_eq!(ada.call("GET", &path).send().await.header("etag"), confirmed.header("etag"));
    change(confirmed.header("etag"), "shipped").await.expect(200);
    change("*", "delivered").await.expect(200);
}

async fn an_admin_who_cancels_gives_the_stock_back_once(shop: Arc<Shop>) {
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let before = shop.stock(52).await;
    let order = order(&ada, 52).await;
    assert_eq!(shop.stock(52).await, before - 1);
    let by_her = format!("/orders/{order}/cancel");
    let (by_admin, by_her) = tokio::join!(
        join_all((0..5).map(|_| set_status(&admin, &order, "cancelled"))),
        join_all((0..5).map(|_| ada.call("POST", &by_her).send())),
    );
    for answer in by_admin.into_iter().chain(by_her) {
        assert_eq!(answer.expect(200).json()["status"], "cancelled");
    }
    assert_eq!(shop.stock(52).await, before);
    shop.check_ledger().await;
}

/// Delivers events until all that are due are sent.
async fn deliver(shop: &Shop) -> Value {
    shop.internal("POST", "/internal/orders/events/deliver", None).await.expect(200).json()
}

/// Returns the events of an order that the receiver got: headers, message and bytes.
fn received(shop: &Shop, order: &str) -> Vec<(http::HeaderMap, Value, bytes::Bytes)> {
    let all = shop.mailbox.all().into_iter();
    all.filter(|(_, message)| message["order"]["orderId"] == order)
        .map(|(posted, message)| (posted.headers, message, posted.body))
        .collect()
}

async fn every_change_is_delivered_once_signed_and_in_sequence(_: Arc<Shop>) {
    let shop = Shop::start(database_port());
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let sold = order(&ada, 53).await;
    let cancelled = order(&ada, 53).await;
    for status in ["confirmed", "shipped", "delivered"] {
        set_status(&admin, &sold, status).await.expect(200);
    }
    ada.call("POST", &format!("/orders/{cancelled}/cancel")).send().await.expect(200);
    let deliveries = join_all((0..4).map(|_| deliver(&shop))).await;
    let sent: i64 = deliveries.iter().map(|delivery| delivery["delivered"].as_i64().unwrap()).sum();
    assert_eq!(sent, 6, "{deliveries:?}");
    assert_eq!(deliver(&shop).await["delivered"], 0);
    let mut messages = received(&shop, &sold);
    messages.sort_by_key(|(_, message, _)| message["sequence"].as_i64());
    let kinds: Vec<_> = messages.iter().map(|(_, message, _)| message["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["order.created", "order.confirmed", "order.shipped", "order.delivered"]);
    for (index, (headers, message, body)) in messages.iter().enumerate() {
        assert_eq!(message["eventId"], format!("{sold}-{}", index + 1));
        assert_eq!(headers["webhook-id"], message["eventId"].as_str().unwrap());
        assert_eq!(
            message["order"]["history"].as_array().unwrap().len(),
            index + 1,
            "the order as it was then"
        );
        let timestamp: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        let secrets = webhook::Secrets::parse(cartwheel_tests::shop::NOTIFICATION_SECRETS).unwrap();
        let id = message["eventId"].as_str().unwrap();
        assert_eq!(headers["webhook-signature"], secrets.sign(id, timestamp, body));
    }
    let kinds: Vec<_> =
        received(&shop, &cancelled).iter().map(|(_, message, _)| message["kind"].clone()).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.contains(&json!("order.cancelled")));
}

async fn an_event_that_does_not_arrive_is_given_up_after_five_tries_and_can_be_retried(_: Arc<Shop>) {
    let shop = Shop::start(database_port());
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let order = order(&ada, 53).await;
    let event = format!("{order}-1");
    shop.mailbox.refuse(&order, true);
    let list = async |state: &str| {
        let call = admin.call("GET", &format!("/orders/events?state={state}"));
        call.send().await.expect(200).json()["events"].as_array().unwrap().clone()
    };
    for attempt in 1..=5 {
        let counted = deliver(&shop).await;
        let expected = if attempt == 5 { "dead" } else { "failed" };
        assert_eq!(counted[expected], 1, "attempt {attempt}: {counted}");
        assert_eq!(deliver(&shop).await["failed"], 0, "not before its time");
        let due = json!({ "dueAt": { "timestampValue": "2026-01-01T00:00:00Z" } });
        shop.change_document(&format!("events/{event}"), &due).await;
    }
    assert_eq!(received(&shop, &order).len(), 5);
    deliver(&shop).await;
    assert_eq!(received(&shop, &order).len(), 5, "delivery is abandoned");
    let dead = list("dead").await;
    assert_eq!((dead.len(), &dead[0]["eventId"], &dead[0]["attempts"]), (1, &json!(event), &json!(5)));
    assert!(dead[0]["lastError"].as_str().unwrap().contains("500"), "{dead:?}");
    shop.mailbox.refuse(&order, false);
    let retry = format!("/orders/events/{event}/retry");
    ada.call("POST", &retry).send().await.problem(403, "admin-only");
    admin.call("POST", &retry).send().await.expect(200);
    assert_eq!(deliver(&shop).await["delivered"], 1);
    assert_eq!(
        (list("dead").await.len(), list("delivered").await.len(), list("waiting").await.len()),
        (0, 1, 0)
    );
    for unknown in ["ORD-0000-0000-0000-0000-1", "..", "x"] {
        let call = admin.call("POST", &format!("/orders/events/{unknown}/retry"));
        assert_eq!(call.wrong().send().await.status, 404, "{unknown}");
    }
}

async fn an_event_survives_a_crash_between_its_commit_and_its_delivery(_: Arc<Shop>) {
    let shop = Shop::start(database_port());
    let ada = shop.client.shopper().await;
    let order = order(&ada, 53).await;
    shop.kill_host();
    shop.start_host();
    deliver(&shop).await;
    assert_eq!(received(&shop, &order).len(), 1);
    // It was sent, and the sender died before recording that: it is sent once more, with the same content.
    let undone = json!({ "state": { "stringValue": "waiting" }, "dueAt": { "timestampValue": "2026-01-01T00:00:00Z" } });
    shop.change_document(&format!("events/{order}-1"), &undone).await;
    deliver(&shop).await;
    let messages = received(&shop, &order);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].2, messages[1].2, "byte for byte");
}

async fn order_numbers_cannot_be_enumerated(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let mut numbers = Vec::new();
    for _ in 0..4 {
        numbers.push(order(&ada, 53).await);
    }
    // No two have a group in common, so that one says nothing about the next.
    let groups: Vec<&str> = numbers.iter().flat_map(|number| number.split('-').skip(1)).collect();
    assert_eq!(groups.iter().collect::<BTreeSet<_>>().len(), 16, "{numbers:?}");
}
