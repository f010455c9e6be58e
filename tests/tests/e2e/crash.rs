//! The checkout, the cancellation and the reconciliation are killed after each of their steps. Whatever is done next, the
//! invariants I1 to I12 hold: no stock is lost or sold twice, no order is lost or doubled.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cartwheel_tests::proxy::Proxy;
use cartwheel_tests::shop::{database_port, free_port, products_db};
use cartwheel_tests::{Answer, Shop, Shopper};
use futures_util::future::join_all;
use serde_json::{Value, json};

crate::tests![
    a_checkout_that_is_killed_and_tried_again_is_one_order,
    a_checkout_that_is_killed_and_given_up_leaves_nothing_behind,
    a_refused_price_that_is_killed_buys_nothing,
    a_cancellation_that_is_killed_gives_the_stock_back_once,
    a_reconciliation_that_is_killed_is_finished_by_the_next,
    a_commit_whose_outcome_is_unknown_is_one_order_in_the_end,
    refused_commits_whose_answers_are_lost_are_one_order_in_the_end,
    products_out_of_reach_at_reserve_or_confirm_cost_no_order,
    a_database_that_restarts_in_between_costs_no_order,
    a_host_that_freezes_during_a_reconciliation_undoes_nothing,
    a_checkout_that_freezes_until_it_is_given_up_takes_its_stock_anew,
];

const CHECKOUT_STEPS: [&str; 4] =
    ["checkout-read", "checkout-reserved", "checkout-committed", "checkout-confirmed"];
const CANCEL_STEPS: [&str; 4] = ["cancel-read", "cancel-committed", "cancel-released", "cancel-noted"];
const UNITS: i64 = 2;

/// A shop whose orders service can be stopped, and what is bought in it.
struct Scene {
    shop: Shop,
    product: i64,
    /// What there was before.
    stock: i64,
}

impl Scene {
    async fn open(product: i64) -> Self {
        Self::of(Shop::start_stoppable(database_port(), free_port(), &[]), product).await
    }

    async fn of(shop: Shop, product: i64) -> Self {
        let stock = shop.stock(product).await;
        Self { shop, product, stock }
    }

    async fn shopper(&self) -> Shopper {
        let ada = self.shop.client.shopper().await;
        ada.add(self.product, UNITS).await.expect(200);
        ada
    }

    /// Sends a request that stands still after a step, and kills the host there.
    async fn kill_after(&self, step: &str, shopper: &Shopper, method: &str, path: &str, key: &str) {
        let from = self.shop.log_length();
        let call = shopper.call(method, path).header("x-stop-after", step).header("idempotency-key", key);
        let (answer, ()) = tokio::join!(call.try_send(), async {
            self.shop.wait_for_line(from, &format!("stopped after {step}")).await;
            self.shop.kill_host();
        });
        assert!(answer.is_none(), "{step}: it answered before it was killed: {answer:?}");
        self.shop.start_host();
    }

    /// The invariants, when all is quiet: this shopper has `orders` orders that count, and nothing is held.
    async fn check(&self, shopper: &Shopper, orders: usize, told: &str) {
        let listed = shopper.call("GET", "/orders").send().await.expect(200).json();
        let listed = listed["orders"].as_array().unwrap();
        let (mut sold, mut count) = (0, 0);
        for order in listed {
            let id = order["orderId"].as_str().unwrap();
            let state = self.shop.reservation(id).await;
            let is_cancelled = order["status"] == "cancelled";
            let expected = if is_cancelled { "released" } else { "confirmed" };
            assert_eq!(state.as_deref(), Some(expected), "I4, I5 {told}: {order}");
            check_lines(order);
            check_history(order);
            if !is_cancelled {
                count += 1;
                sold += order["items"].as_array().unwrap().iter().map(quantity).sum::<i64>();
            }
            shopper.call("GET", &format!("/orders/{id}")).send().await.expect(200);
        }
        assert_eq!(count, orders, "I3 {told}: {listed:?}");
        let stock = self.shop.stock(self.product).await;
        assert!(stock >= 0, "I1 {told}");
        assert_eq!(stock, self.stock - sold, "I2 {told}");
        self.shop.check_ledger().await;
        let database = products_db().await;
        let held = "select count(*) from stock_reservations r join stock_reservation_lines l using (order_id)
            where r.state = 'held' and l.product_id = $1";
        let held: i64 = database.query_one(held, &[&self.product]).await.unwrap().get(0);
        assert_eq!(held, 0, "I9 {told}");
        let idle = "select count(*) from pg_stat_activity where state like 'idle in transaction%'";
        let idle: i64 = database.query_one(idle, &[]).await.unwrap().get(0);
        assert_eq!(idle, 0, "I10 {told}");
    }
}

fn quantity(line: &Value) -> i64 {
    line["quantity"].as_i64().unwrap()
}

fn minor(amount: &Value) -> i64 {
    amount.to_string().replace('.', "").parse().unwrap()
}

/// I8: the total is the sum of the frozen lines.
#[track_caller]
fn check_lines(order: &Value) {
    let lines = order["items"].as_array().unwrap();
    for line in lines {
        assert_eq!(minor(&line["lineTotal"]), minor(&line["price"]) * quantity(line), "I8: {line}");
    }
    let sum: i64 = lines.iter().map(|line| minor(&line["lineTotal"])).sum();
    assert_eq!(minor(&order["totalAmount"]), sum, "I8: {order}");
}

/// I11: the status moves only along the allowed edges.
#[track_caller]
fn check_history(order: &Value) {
    let states: Vec<&str> = order["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["status"].as_str().unwrap())
        .collect();
    let edges: BTreeSet<(&str, &str)> = BTreeSet::from([
        ("pending", "confirmed"),
        ("confirmed", "shipped"),
        ("shipped", "delivered"),
        ("pending", "cancelled"),
        ("confirmed", "cancelled"),
    ]);
    assert_eq!(states.first(), Some(&"pending"), "I11: {order}");
    assert!(states.windows(2).all(|move_| edges.contains(&(move_[0], move_[1]))), "I11: {order}");
    assert_eq!(order["status"], *states.last().unwrap(), "I11: {order}");
}

async fn place(shopper: &Shopper, key: &str) -> Answer {
    shopper.call("POST", "/orders").header("idempotency-key", key).send().await
}

async fn a_checkout_that_is_killed_and_tried_again_is_one_order(_: Arc<Shop>) {
    let mut scene = Scene::open(101).await;
    for step in CHECKOUT_STEPS {
        let (ada, key) = (scene.shopper().await, format!("key {step}"));
        scene.kill_after(step, &ada, "POST", "/orders", &key).await;
        let placed = place(&ada, &key).await;
        assert!(matches!(placed.status, 200 | 201), "{step}: {placed:?}");
        let again = place(&ada, &key).await.expect(200);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (placed.text(), "true"), "I6 {step}");
        assert_eq!(ada.cart().await["itemCount"], 0, "I7 {step}");
        scene.shop.let_time_pass(scene.product).await;
        scene.shop.reconcile().await;
        scene.check(&ada, 1, step).await;
        scene.stock -= UNITS;
    }
}

async fn a_checkout_that_is_killed_and_given_up_leaves_nothing_behind(_: Arc<Shop>) {
    let mut scene = Scene::open(102).await;
    for step in CHECKOUT_STEPS {
        let ada = scene.shopper().await;
        scene.kill_after(step, &ada, "POST", "/orders", "first").await;
        // Nobody tries again, and the time of what is held is over.
        scene.shop.let_time_pass(scene.product).await;
        scene.shop.reconcile().await;
        let is_placed = ["checkout-committed", "checkout-confirmed"].contains(&step);
        scene.check(&ada, usize::from(is_placed), step).await;
        let left = if is_placed { 0 } else { UNITS };
        assert_eq!(ada.cart().await["itemCount"], left, "I7 {step}: in the cart or in the order");
        // Back from a long break, the shopper goes on with what is in the cart, by the same key or another one.
        let placed = place(&ada, "first").await;
        assert!(matches!(placed.status, 200 | 201), "{step}: {placed:?}");
        scene.check(&ada, 1, step).await;
        scene.stock -= UNITS;
    }
}

async fn a_refused_price_that_is_killed_buys_nothing(_: Arc<Shop>) {
    let scene = Scene::open(103).await;
    let ada = scene.shopper().await;
    let from = scene.shop.log_length();
    let wrong = json!({ "expectedTotal": "0.01" });
    let call = ada.call("POST", "/orders").json(&wrong).header("x-stop-after", "price-refused");
    let (answer, ()) = tokio::join!(call.try_send(), async {
        scene.shop.wait_for_line(from, "stopped after price-refused").await;
        scene.shop.kill_host();
    });
    assert!(answer.is_none());
    scene.shop.start_host();
    ada.call("POST", "/orders").json(&wrong).send().await.problem(409, "price-changed");
    scene.shop.let_time_pass(scene.product).await;
    scene.shop.reconcile().await;
    scene.check(&ada, 0, "price-refused").await;
    assert_eq!(ada.cart().await["itemCount"], UNITS, "I7");
    ada.checkout().await.expect(201);
    scene.check(&ada, 1, "price-refused, then accepted").await;
}

async fn a_cancellation_that_is_killed_gives_the_stock_back_once(_: Arc<Shop>) {
    let scene = Scene::open(104).await;
    for (step, is_tried_again) in CANCEL_STEPS.iter().flat_map(|step| [(*step, true), (*step, false)]) {
        let ada = scene.shopper().await;
        let order = ada.checkout().await.expect(201).json();
        let path = format!("/orders/{}", order["orderId"].as_str().unwrap());
        scene.kill_after(step, &ada, "POST", &format!("{path}/cancel"), "key").await;
        if is_tried_again || step == "cancel-read" {
            let cancelled = ada.call("POST", &format!("{path}/cancel")).send().await.expect(200).json();
            assert_eq!(cancelled["status"], "cancelled", "{step}");
        }
        scene.shop.reconcile().await;
        scene.check(&ada, 0, step).await;
        let events = format!("/orders/{}", order["orderId"].as_str().unwrap());
        assert_eq!(
            ada.call("GET", &events).send().await.json()["history"].as_array().unwrap().len(),
            2,
            "{step}"
        );
        let nothing_left = scene.shop.reconcile().await;
        assert_eq!(nothing_left["pending"], 0, "{step}");
    }
}

async fn a_reconciliation_that_is_killed_is_finished_by_the_next(_: Arc<Shop>) {
    let mut scene = Scene::open(105).await;
    for step in ["reconcile-listed", "reconcile-looked-up", "reconcile-fenced", "reconcile-settled"] {
        // One checkout died before its order, and one behind it.
        let (ada, bob) = (scene.shopper().await, scene.shopper().await);
        scene.kill_after("checkout-reserved", &ada, "POST", "/orders", "a").await;
        scene.kill_after("checkout-committed", &bob, "POST", "/orders", "b").await;
        scene.shop.let_time_pass(scene.product).await;
        let from = scene.shop.log_length();
        let call = scene.shop.client.call("POST", "/internal/orders/reconcile");
        let call = call.bearer(cartwheel_tests::shop::SERVICE_TOKEN).header("x-stop-after", step);
        let (answer, ()) = tokio::join!(call.try_send(), async {
            scene.shop.wait_for_line(from, &format!("stopped after {step}")).await;
            scene.shop.kill_host();
        });
        assert!(answer.is_none(), "{step}");
        scene.shop.start_host();
        assert_eq!(scene.shop.reconcile().await["pending"], 0, "{step}");
        scene.check_two(&ada, &bob, step).await;
        scene.stock -= UNITS;
        assert_eq!(ada.cart().await["itemCount"], UNITS, "I7 {step}");
        ada.call("DELETE", "/orders/cart").send().await.expect(200);
    }
}

impl Scene {
    /// Two shoppers, of whom the second has an order.
    async fn check_two(&self, without: &Shopper, with: &Shopper, told: &str) {
        self.check(with, 1, told).await;
        let orders = without.call("GET", "/orders").send().await.expect(200).json();
        assert_eq!(orders["orders"], json!([]), "I3 {told}");
    }
}

async fn a_commit_whose_outcome_is_unknown_is_one_order_in_the_end(_: Arc<Shop>) {
    let mut scene = Scene::open(106).await;
    // Once: the service itself sends the commit again. Always: the client gets 503 and does.
    for times in [1, 1000] {
        for lost in [
            json!({ "after": "cut" }),
            json!({ "after": "DEADLINE_EXCEEDED" }),
            json!({ "before": "UNAVAILABLE" }),
            json!({ "before": "ABORTED" }),
            json!({ "before": "RESOURCE_EXHAUSTED" }),
        ] {
            let ada = scene.shopper().await;
            let mut fault = lost.clone();
            (fault["on"], fault["times"]) = (json!("commit"), json!(times));
            scene.shop.fault(&fault).await;
            let told = format!("{times} times {lost}");
            let first = place(&ada, "key").await;
            if times > 1 {
                let known_after_all = lost["after"] != Value::Null;
                assert!(first.status == 503 || known_after_all, "{told}: {first:?}");
            }
            scene.shop.no_faults().await;
            let placed = place(&ada, "key").await;
            assert!(matches!(placed.status, 200 | 201), "{told}: {placed:?}");
            assert_eq!(place(&ada, "key").await.expect(200).text(), placed.text(), "I6 {told}");
            assert_eq!(ada.cart().await["itemCount"], 0, "I7 {told}");
            scene.shop.let_time_pass(scene.product).await;
            scene.shop.reconcile().await;
            scene.check(&ada, 1, &told).await;
            scene.stock -= UNITS;
        }
    }
}

async fn refused_commits_whose_answers_are_lost_are_one_order_in_the_end(_: Arc<Shop>) {
    let mut scene = Scene::open(111).await;
    for round in 0..3 {
        let ada = scene.shopper().await;
        // Of six checkouts at once five are refused by their preconditions, and nobody hears of the first eight outcomes.
        scene.shop.fault(&json!({ "on": "commit", "after": "cut", "times": 8 })).await;
        let tries = join_all((0..6).map(|_| place(&ada, "key"))).await;
        assert!(tries.iter().all(|answer| matches!(answer.status, 200 | 201 | 503)), "{tries:?}");
        scene.shop.no_faults().await;
        let placed = place(&ada, "key").await.expect(200);
        for known in tries.iter().filter(|answer| answer.status < 300) {
            assert_eq!(known.text(), placed.text(), "I6 round {round}");
        }
        scene.shop.let_time_pass(scene.product).await;
        scene.shop.reconcile().await;
        scene.check(&ada, 1, &format!("round {round}")).await;
        scene.stock -= UNITS;
    }
}

async fn products_out_of_reach_at_reserve_or_confirm_cost_no_order(_: Arc<Shop>) {
    let port = free_port();
    let proxy = Proxy::to(port).await;
    let products = format!("http://127.0.0.1:{}", proxy.port);
    let variables = [("PRODUCTS_URL", products.as_str())];
    let mut scene = Scene::of(Shop::start_stoppable(database_port(), port, &variables), 107).await;
    for (step, is_placed) in [("checkout-read", false), ("checkout-committed", true)] {
        let ada = scene.shopper().await;
        let from = scene.shop.log_length();
        let call = ada.call("POST", "/orders").header("x-stop-after", &format!("{step} 1000"));
        let (answer, ()) = tokio::join!(call.send(), async {
            scene.shop.wait_for_line(from, &format!("stopped after {step}")).await;
            proxy.close();
        });
        if is_placed {
            assert_eq!(answer.expect(201).json()["status"], "pending", "a confirm that fails costs nothing");
        } else {
            answer.problem(503, "dependency-unavailable");
        }
        proxy.open();
        scene.shop.let_time_pass(scene.product).await;
        scene.shop.reconcile().await;
        scene.check(&ada, usize::from(is_placed), step).await;
        if !is_placed {
            ada.checkout().await.expect(201);
            scene.check(&ada, 1, step).await;
        }
        scene.stock -= UNITS;
    }
    // Its owner's next look at an old pending order confirms it as well, without the job.
    let ada = scene.shopper().await;
    scene.kill_after("checkout-committed", &ada, "POST", "/orders", "key").await;
    let order = ada.call("GET", "/orders").send().await.expect(200).json()["orders"][0].clone();
    let id = order["orderId"].as_str().unwrap();
    ada.call("GET", &format!("/orders/{id}")).send().await.expect(200);
    assert_eq!(scene.shop.reservation(id).await.as_deref(), Some("held"), "its checkout may still be alive");
    let long_ago = json!({ "createdAt": { "timestampValue": "2026-01-01T00:00:00Z" } });
    scene.shop.change_document(&format!("orders/{id}"), &long_ago).await;
    ada.call("GET", &format!("/orders/{id}")).send().await.expect(200);
    assert_eq!(scene.shop.reservation(id).await.as_deref(), Some("confirmed"));
}

async fn a_database_that_restarts_in_between_costs_no_order(_: Arc<Shop>) {
    let proxy = Proxy::to(database_port()).await;
    let shop = Shop::start_stoppable(proxy.port, free_port(), &[]);
    let mut scene = Scene::of(shop, 108).await;
    for step in CHECKOUT_STEPS {
        let ada = scene.shopper().await;
        let from = scene.shop.log_length();
        let call = ada.call("POST", "/orders").header("idempotency-key", "key");
        let call = call.header("x-stop-after", &format!("{step} 500"));
        // Its connections are cut, and new ones refused for a while: what a restart is to whoever uses it.
        let (first, ()) = tokio::join!(call.send(), async {
            scene.shop.wait_for_line(from, &format!("stopped after {step}")).await;
            proxy.close();
            tokio::time::sleep(Duration::from_millis(300)).await;
            proxy.open();
        });
        assert!(matches!(first.status, 200 | 201 | 503), "{step}: {first:?}");
        let placed = place(&ada, "key").await;
        assert!(matches!(placed.status, 200 | 201), "{step}: {placed:?}");
        scene.shop.let_time_pass(scene.product).await;
        scene.shop.reconcile().await;
        scene.check(&ada, 1, step).await;
        scene.stock -= UNITS;
    }
}

async fn a_host_that_freezes_during_a_reconciliation_undoes_nothing(_: Arc<Shop>) {
    let mut scene = Scene::open(109).await;
    let other = scene.shop.another_host();
    for step in ["reconcile-listed", "reconcile-looked-up"] {
        let ada = scene.shopper().await;
        scene.kill_after("checkout-reserved", &ada, "POST", "/orders", "key").await;
        scene.shop.let_time_pass(scene.product).await;
        let from = scene.shop.log_length();
        let call = scene.shop.client.call("POST", "/internal/orders/reconcile");
        let call =
            call.bearer(cartwheel_tests::shop::SERVICE_TOKEN).header("x-stop-after", &format!("{step} 100"));
        // The host freezes when it believes that there is no order; meanwhile the shopper is served by another one.
        let (answer, placed) = tokio::join!(call.send(), async {
            scene.shop.wait_for_line(from, &format!("stopped after {step}")).await;
            scene.shop.freeze_host();
            let ada = Shopper { client: other.client.clone(), ..ada.clone() };
            let placed = place(&ada, "key").await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            scene.shop.thaw_host();
            placed
        });
        placed.expect(201);
        answer.expect(200);
        scene.check(&ada, 1, step).await;
        scene.stock -= UNITS;
    }
}

async fn a_checkout_that_freezes_until_it_is_given_up_takes_its_stock_anew(_: Arc<Shop>) {
    let scene = Scene::open(110).await;
    let other = scene.shop.another_host();
    let ada = scene.shopper().await;
    let from = scene.shop.log_length();
    let call = ada.call("POST", "/orders").header("x-stop-after", "checkout-reserved 100");
    let (answer, ()) = tokio::join!(call.send(), async {
        scene.shop.wait_for_line(from, "stopped after checkout-reserved").await;
        scene.shop.freeze_host();
        scene.shop.let_time_pass(scene.product).await;
        let reconcile = other.client.call("POST", "/internal/orders/reconcile");
        let reconciled =
            reconcile.bearer(cartwheel_tests::shop::SERVICE_TOKEN).send().await.expect(200).json();
        assert!(reconciled["released"].as_i64().unwrap() >= 1, "{reconciled}");
        tokio::time::sleep(Duration::from_secs(5)).await;
        scene.shop.thaw_host();
    });
    // The tombstone is in its way, so it begins once more, as the next generation of the cart.
    answer.expect(201);
    assert_eq!(ada.cart().await["itemCount"], 0, "I7");
    scene.check(&ada, 1, "frozen").await;
}
