//! Carts of shoppers and guests: nothing that was put in is lost, and nothing is in twice.

use std::sync::Arc;

use cartwheel_tests::{Answer, Shop, Shopper};
use futures_util::future::join_all;
use serde_json::{Value, json};

crate::tests![
    a_guest_has_a_cart_by_its_token_alone,
    a_token_that_opens_nothing_begins_a_cart_of_another,
    merging_takes_the_larger_quantity_and_may_be_repeated,
    merging_and_changing_at_once_lose_nothing,
    a_merge_names_the_lines_that_a_full_cart_cannot_take,
    parallel_adds_of_fifty_things_make_fifty_lines,
    parallel_adds_of_one_thing_add_up,
    an_add_whose_answer_is_lost_is_made_once,
    an_add_that_is_repeated_with_its_key_is_made_once,
    what_is_added_during_a_checkout_is_in_the_order_or_in_the_cart,
    a_line_and_a_cart_have_their_limits,
];

/// A client without an account.
struct Guest<'s> {
    shop: &'s Shop,
    token: String,
}

impl<'s> Guest<'s> {
    async fn new(shop: &'s Shop, product: i64, quantity: i64) -> Self {
        let body = json!({ "productId": product, "quantity": quantity });
        let added = shop.client.call("POST", "/orders/cart").json(&body).send().await.expect(200);
        let token = added.header("x-cart-token").to_owned();
        assert_eq!(token.len(), 64, "256 bits");
        Self { shop, token }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let call = self.shop.client.call(method, path).header("x-cart-token", &self.token);
        match body {
            Some(body) => call.json(&body).send().await,
            None => call.send().await,
        }
    }

    async fn add(&self, product: i64, quantity: i64) -> Answer {
        self.call("POST", "/orders/cart", Some(json!({ "productId": product, "quantity": quantity }))).await
    }

    async fn lines(&self) -> Vec<(i64, i64)> {
        lines(&self.call("GET", "/orders/cart", None).await.expect(200).json()["cart"])
    }
}

fn lines(cart: &Value) -> Vec<(i64, i64)> {
    let line = |line: &Value| (line["productId"].as_i64().unwrap(), line["quantity"].as_i64().unwrap());
    cart["items"].as_array().unwrap().iter().map(line).collect()
}

async fn merge(shopper: &Shopper, token: &str) -> Answer {
    shopper.call("POST", "/orders/cart/merge").json(&json!({ "cartToken": token })).send().await
}

async fn a_guest_has_a_cart_by_its_token_alone(shop: Arc<Shop>) {
    let guest = Guest::new(&shop, 30, 1).await;
    let added = guest.add(31, 2).await.expect(200);
    assert_eq!(added.header("x-cart-token"), guest.token, "it stays the same");
    guest.add(30, 2).await.expect(200);
    assert_eq!(guest.lines().await, [(30, 3), (31, 2)]);
    guest.call("PUT", "/orders/cart/items/31", Some(json!({ "quantity": 5 }))).await.expect(200);
    guest.call("DELETE", "/orders/cart/items/30", None).await.expect(200);
    assert_eq!(guest.lines().await, [(31, 5)]);
    guest.call("DELETE", "/orders/cart", None).await.expect(200);
    assert_eq!(guest.lines().await, []);
    // Another guest has another one, and only the shopper can order.
    let other = Guest::new(&shop, 32, 1).await;
    assert_ne!(other.token, guest.token);
    guest.call("POST", "/orders", None).await.problem(401, "missing-token");
    // In the database the token is not to be found.
    shop.client.call("GET", "/orders/cart").wrong().send().await.problem(401, "missing-token");
    // Who is logged in has the account's cart, whatever else is sent.
    let ada = shop.client.shopper().await;
    let both = ada.call("GET", "/orders/cart").header("x-cart-token", &other.token).send().await;
    assert_eq!(lines(&both.expect(200).json()["cart"]), []);
}

async fn a_token_that_opens_nothing_begins_a_cart_of_another(shop: Arc<Shop>) {
    let chosen = Guest { shop: &shop, token: "ab".repeat(32) };
    assert_eq!(chosen.lines().await, []);
    let added = chosen.add(33, 1).await.expect(200);
    assert_ne!(added.header("x-cart-token"), chosen.token, "a client cannot choose its token");
    assert_eq!(chosen.lines().await, []);
    chosen.call("DELETE", "/orders/cart/items/33", None).await.problem(404, "not-found");
    chosen.call("DELETE", "/orders/cart", None).await.expect(200);
    for token in ["", "x", "../../carts/user-1", &"A".repeat(64)] {
        let call = shop.client.call("GET", "/orders/cart").header("x-cart-token", token).wrong();
        call.send().await.problem(401, "invalid-cart-token");
    }
}

async fn merging_takes_the_larger_quantity_and_may_be_repeated(shop: Arc<Shop>) {
    let (ada, bob) = (shop.client.shopper().await, shop.client.shopper().await);
    ada.add(34, 1).await.expect(200);
    ada.add(35, 4).await.expect(200);
    let guest = Guest::new(&shop, 35, 2).await;
    guest.add(34, 3).await.expect(200);
    guest.add(36, 1).await.expect(200);
    for _ in 0..3 {
        let merged = merge(&ada, &guest.token).await.expect(200).json();
        assert_eq!(lines(&merged["cart"]), [(34, 3), (35, 4), (36, 1)]);
    }
    // Its cart is gone, for its guest and for every other client.
    assert_eq!(guest.lines().await, []);
    merge(&bob, &guest.token).await.problem(404, "not-found");
    let next = guest.add(37, 1).await.expect(200);
    assert_ne!(next.header("x-cart-token"), guest.token);
    merge(&ada, &"0".repeat(64)).await.problem(404, "not-found");
    merge(&ada, "not a token").await.problem(404, "not-found");
    ada.call("POST", "/orders/cart/merge")
        .json(&json!({}))
        .wrong()
        .send()
        .await
        .problem(422, "validation-failed");
    let call = shop.client.call("POST", "/orders/cart/merge").json(&json!({ "cartToken": guest.token }));
    call.send().await.problem(401, "missing-token");
}

async fn merging_and_changing_at_once_lose_nothing(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let guest = Guest::new(&shop, 39, 7).await;
    let merges = join_all((0..5).map(|_| merge(&ada, &guest.token)));
    let adds = join_all((40..46).map(|product| ada.add(product, 1)));
    let (merges, adds) = tokio::join!(merges, adds);
    assert!(merges.iter().chain(&adds).all(|answer| answer.status == 200), "{merges:?} {adds:?}");
    let mut lines = lines(&ada.cart().await);
    lines.sort_unstable();
    assert_eq!(lines, [(39, 7), (40, 1), (41, 1), (42, 1), (43, 1), (44, 1), (45, 1)]);
}

async fn a_merge_names_the_lines_that_a_full_cart_cannot_take(shop: Arc<Shop>) {
    let (ada, products) = (shop.client.shopper().await, sellable(&shop, 102).await);
    for product in &products[..99] {
        ada.add(*product, 1).await.expect(200);
    }
    let guest = Guest::new(&shop, products[99], 1).await;
    guest.add(products[100], 1).await.expect(200);
    let merged = merge(&ada, &guest.token).await.expect(200).json();
    assert_eq!(merged["droppedLines"], json!([{ "productId": products[100], "variantId": null }]));
    assert_eq!(merged["cart"]["itemCount"], 100);
    let refused = ada.add(products[101], 1).await.problem(422, "validation-failed");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("100 lines"), "{refused}");
}

/// So many products that can be had without choosing a variant.
async fn sellable(shop: &Shop, count: usize) -> Vec<i64> {
    let mut products = Vec::new();
    for product in 1..=250 {
        if products.len() == count {
            return products;
        }
        let answer = shop.client.get(&format!("/products/{product}/stock")).await;
        if answer.status == 200 && answer.json()["quantity"].as_i64().unwrap() > 5 {
            products.push(product);
        }
    }
    panic!("only {} of {count} products can be had", products.len());
}

async fn parallel_adds_of_fifty_things_make_fifty_lines(shop: Arc<Shop>) {
    let (ada, products) = (shop.client.shopper().await, sellable(&shop, 50).await);
    let added = join_all(products.iter().map(|product| ada.add(*product, 1))).await;
    let refused: Vec<&str> = added.iter().filter(|answer| answer.status != 200).map(Answer::text).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(ada.cart().await["items"].as_array().unwrap().len(), 50);
}

async fn parallel_adds_of_one_thing_add_up(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let added = join_all((0..20).map(|_| ada.add(39, 1))).await;
    assert!(added.iter().all(|answer| answer.status == 200), "{added:?}");
    assert_eq!(lines(&ada.cart().await), [(39, 20)]);
}

async fn an_add_whose_answer_is_lost_is_made_once(_: Arc<Shop>) {
    let shop = Shop::start(cartwheel_tests::shop::database_port());
    let ada = shop.client.shopper().await;
    for (round, lost) in ["cut", "UNAVAILABLE", "DEADLINE_EXCEEDED"].into_iter().enumerate() {
        shop.fault(&json!({ "on": "commit", "after": lost, "times": 1 })).await;
        ada.add(39, 1).await.expect(200);
        assert_eq!(ada.cart().await["itemCount"], round + 1, "{lost}");
        shop.fault(&json!({ "on": "commit", "after": lost, "times": 1 })).await;
        ada.add(40 + i64::try_from(round).unwrap(), 1).await.expect(200);
        shop.fault(&json!({ "on": "commit", "after": lost, "times": 1 })).await;
        let path = format!("/orders/cart/items/{}", 40 + round);
        ada.call("DELETE", &path).send().await.expect(200);
    }
    let guest = Guest::new(&shop, 39, 5).await;
    shop.fault(&json!({ "on": "commit", "after": "cut", "times": 1 })).await;
    let merged = merge(&ada, &guest.token).await.expect(200).json();
    assert_eq!(lines(&merged["cart"]), [(39, 5)]);
}

async fn an_add_that_is_repeated_with_its_key_is_made_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let add = async |key: &str, quantity: i64| {
        let body = json!({ "productId": 39, "quantity": quantity });
        ada.call("POST", "/orders/cart").header("idempotency-key", key).json(&body).send().await.expect(200)
    };
    let first = add("k", 1).await;
    let again = add("k", 1).await;
    assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
    add("l", 1).await;
    add("k", 2).await;
    assert_eq!(lines(&ada.cart().await), [(39, 4)]);
    let call = ada.call("POST", "/orders/cart").header("idempotency-key", "").wrong();
    call.json(&json!({ "productId": 39, "quantity": 1 })).send().await.problem(400, "invalid-parameter");
}

async fn what_is_added_during_a_checkout_is_in_the_order_or_in_the_cart(shop: Arc<Shop>) {
    let mut products_in_order = 0;
    for round in 0..12 {
        let ada = shop.client.shopper().await;
        ada.add(46, 1).await.expect(200);
        let late = async {
            tokio::time::sleep(std::time::Duration::from_millis(round * 2)).await;
            join_all((47..50).map(|product| ada.add(product, 1))).await
        };
        let (placed, added) = tokio::join!(ada.checkout(), late);
        assert!(added.iter().all(|answer| answer.status == 200), "{added:?}");
        let mut all = lines(&ada.cart().await);
        if placed.status == 409 {
            placed.problem(409, "checkout-in-progress");
        } else {
            let order = lines(&placed.expect(201).json());
            products_in_order += order.len();
            all.extend(order);
        }
        all.sort_unstable();
        assert_eq!(all, [(46, 1), (47, 1), (48, 1), (49, 1)], "I7 round {round}");
    }
    assert!(products_in_order >= 12);
}

async fn a_line_and_a_cart_have_their_limits(shop: Arc<Shop>) {
    let guest = Guest::new(&shop, 1, 1).await;
    for quantity in [0, -1, 100] {
        let body = json!({ "productId": 1, "quantity": quantity });
        let call = shop.client.call("POST", "/orders/cart").json(&body).wrong();
        let refused = call.header("x-cart-token", &guest.token).send().await;
        assert_eq!(refused.problem(422, "validation-failed")["errors"][0]["field"], "quantity", "{quantity}");
    }
    let call = shop.client.call("PUT", "/orders/cart/items/1").json(&json!({ "quantity": 100 })).wrong();
    call.header("x-cart-token", &guest.token).send().await.problem(422, "validation-failed");
    guest.call("PUT", "/orders/cart/items/1", Some(json!({ "quantity": 0 }))).await.expect(200);
    assert_eq!(guest.lines().await, []);
}
