//! Reservations and the stock ledger under concurrent requests.

use std::sync::Arc;

use cartwheel_tests::pg::NativePg;
use kernel::OrderId;
use kernel::fields::Fields;
use migrate::Service;
use products::domain::movement::NewMovement;
use products::domain::rejection::Rejection;
use products::domain::reservation::{Outcome, ReserveRequest};
use products::store::{self, WriteError};
use proptest::prelude::{Strategy, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const SCENE: &str = "
    insert into categories (slug, name) values ('things', 'Things');
    insert into products (sku, name, category_id, base_price, status, stock_quantity)
    values ('A', 'Thing A', 1, 10.00, 'active', 50), ('B', 'Thing B', 1, 2.50, 'active', 50), ('C', 'Draft', 1, 1, 'draft', 9);
    insert into stock_movements (product_id, movement_type, quantity_change, reference)
    values (1, 'restock', 50, 'scene'), (2, 'restock', 50, 'scene'), (3, 'restock', 9, 'scene');";

async fn scene() -> NativePg {
    let db = NativePg::fresh(Service::Products).await;
    db.admin(SCENE).await;
    db
}

fn order(number: i64) -> OrderId {
    OrderId::of_cart("test", number)
}

async fn reserve(db: &NativePg, number: i64, revision: i64, lines: &[(i64, i64)]) -> Outcome {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(product, quantity)| json!({ "productId": product, "quantity": quantity }))
        .collect();
    let body = json!({ "orderId": order(number), "revision": revision, "lines": lines, "ttlSeconds": 60 });
    store::reserve(db, &ReserveRequest::read(fields(&body)).unwrap()).await.unwrap()
}

fn fields(body: &Value) -> Fields {
    Fields::from_value(body.clone()).unwrap()
}

async fn stock(db: &NativePg, product: i64) -> i64 {
    let found = store::find_stock(db, product.try_into().unwrap(), None).await.unwrap().unwrap();
    serde_json::from_str::<Value>(&found).unwrap()["quantity"].as_i64().unwrap()
}

async fn check_ledger(db: &NativePg) {
    let ledger: Value = serde_json::from_str(&store::check_ledger(db).await.unwrap()).unwrap();
    assert_eq!(ledger, json!({ "differences": [] }));
}

#[tokio::test]
async fn all_lines_are_reserved_or_none() {
    let db = scene().await;
    assert!(matches!(reserve(&db, 1, 1, &[(1, 2), (2, 3)]).await, Outcome::Reserved(_)));
    let Outcome::Short(short) = reserve(&db, 2, 1, &[(1, 1), (2, 48), (3, 1), (9, 1)]).await else {
        panic!()
    };
    let short: Value = serde_json::from_str(&short).unwrap();
    let available: Vec<_> = short
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["productId"].clone(), line["available"].clone()))
        .collect();
    // A draft and an unknown product are not sold.
    assert_eq!(available, [(json!(2), json!(47)), (json!(3), json!(0)), (json!(9), json!(0))]);
    assert_eq!((stock(&db, 1).await, stock(&db, 2).await), (48, 47));
    check_ledger(&db).await;
}

#[tokio::test]
async fn two_lines_of_one_product_are_added_up_before_the_check() {
    let db = scene().await;
    assert!(matches!(reserve(&db, 1, 1, &[(1, 30), (1, 30)]).await, Outcome::Short(_)));
    assert!(matches!(reserve(&db, 1, 1, &[(1, 20), (1, 30)]).await, Outcome::Reserved(_)));
    assert_eq!(stock(&db, 1).await, 0);
    check_ledger(&db).await;
}

#[tokio::test]
async fn a_repeated_request_changes_nothing_and_a_newer_revision_replaces_an_older_one() {
    let db = scene().await;
    let Outcome::Reserved(first) = reserve(&db, 1, 5, &[(1, 2)]).await else { panic!() };
    let Outcome::Repeated(again) = reserve(&db, 1, 5, &[(1, 2)]).await else { panic!() };
    let lines = |text: &str| serde_json::from_str::<Value>(text).unwrap()["lines"].clone();
    assert_eq!(lines(&first), lines(&again));
    assert_eq!(reserve(&db, 1, 4, &[(1, 3)]).await, Outcome::Superseded);
    assert_eq!(reserve(&db, 1, 5, &[(1, 3)]).await, Outcome::Superseded);
    // The available quantity includes what the order already holds.
    assert!(matches!(reserve(&db, 1, 6, &[(1, 50)]).await, Outcome::Reserved(_)));
    assert!(matches!(reserve(&db, 1, 7, &[(1, 51)]).await, Outcome::Short(_)));
    assert_eq!(stock(&db, 1).await, 0);
    check_ledger(&db).await;
}

#[tokio::test]
async fn repeated_confirms_and_releases_have_one_effect() {
    let db = Arc::new(scene().await);
    reserve(&db, 1, 1, &[(1, 10)]).await;
    for _ in 0..3 {
        assert!(matches!(store::confirm(&*db, &order(1)).await.unwrap(), Outcome::Confirmed(_)));
    }
    assert_eq!(stock(&db, 1).await, 40);
    let mut releases = Vec::new();
    for _ in 0..10 {
        let db = db.again(Service::Products).await;
        releases.push(async move { store::release(&db, &order(1)).await.unwrap() });
    }
    let released = futures_util::future::join_all(releases).await;
    assert!(released.iter().all(|outcome| matches!(outcome, Outcome::Released(_))));
    assert_eq!(stock(&db, 1).await, 50);
    assert!(matches!(store::confirm(&*db, &order(1)).await.unwrap(), Outcome::Released(_)));
    assert!(matches!(reserve(&db, 1, 9, &[(1, 1)]).await, Outcome::Released(_)));
    assert_eq!(store::release(&*db, &order(7)).await.unwrap(), Outcome::Absent);
    check_ledger(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shoppers_in_opposite_order_neither_deadlock_nor_oversell() {
    let db = scene().await;
    let mut shoppers = Vec::new();
    for shopper in 0..32_i64 {
        let db = db.again(Service::Products).await;
        shoppers.push(async move {
            let mut taken = 0;
            for turn in 0..8 {
                let lines =
                    if shopper % 2 == 0 { [(1, 1 + turn % 3), (2, 1)] } else { [(2, 1), (1, 1 + turn % 3)] };
                match reserve(&db, shopper * 100 + turn, 1, &lines).await {
                    Outcome::Reserved(_) => taken += 1 + turn % 3,
                    Outcome::Short(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            taken
        });
    }
    let taken: i64 = futures_util::future::join_all(shoppers).await.into_iter().sum();
    assert!(taken <= 50, "{taken} of 50 units");
    assert_eq!(stock(&db, 1).await, 50 - taken);
    check_ledger(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_reservations_of_sixty_four_clients_reserve_no_more_than_the_stock() {
    let db = scene().await;
    let mut clients = Vec::new();
    for client in 0..64_i64 {
        let db = db.again(Service::Products).await;
        clients.push(async move {
            let mut taken = [0, 0];
            for turn in 0..8 {
                let units = 1 + (client + turn) % 3;
                let lines = if client % 2 == 0 { [(1, units), (2, 1)] } else { [(2, 1), (1, units)] };
                match reserve(&db, client * 100 + turn, 1, &lines).await {
                    Outcome::Reserved(_) => taken = [taken[0] + units, taken[1] + 1],
                    Outcome::Short(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            taken
        });
    }
    let taken = futures_util::future::join_all(clients).await;
    let [first, second] = taken.into_iter().fold([0, 0], |sum, taken| [sum[0] + taken[0], sum[1] + taken[1]]);
    assert!(first <= 50 && second <= 50, "{first} and {second} of 50 each");
    assert!(first >= 48 || second == 50, "available stock was reserved: {first} and {second}");
    assert_eq!((stock(&db, 1).await, stock(&db, 2).await), (50 - first, 50 - second));
    check_ledger(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_concurrent_requests_have_one_effect() {
    let db = scene().await;
    let mut connections = Vec::new();
    for _ in 0..20 {
        connections.push(db.again(Service::Products).await);
    }
    let reserved = connections.iter().map(|db| reserve(db, 1, 1, &[(1, 3), (2, 4)]));
    let reserved = futures_util::future::join_all(reserved).await;
    let first = reserved.iter().filter(|outcome| matches!(outcome, Outcome::Reserved(_))).count();
    let again = reserved.iter().filter(|outcome| matches!(outcome, Outcome::Repeated(_))).count();
    assert_eq!((first, again), (1, 19));
    assert_eq!((stock(&db, 1).await, stock(&db, 2).await), (47, 46));
    let order = order(1);
    let confirmed = connections.iter().map(|db| store::confirm(db, &order));
    let confirmed = futures_util::future::join_all(confirmed).await;
    assert!(confirmed.iter().all(|outcome| matches!(outcome, Ok(Outcome::Confirmed(_)))));
    assert_eq!((stock(&db, 1).await, stock(&db, 2).await), (47, 46));
    let released = connections.iter().map(|db| store::release(db, &order));
    let released = futures_util::future::join_all(released).await;
    assert!(released.iter().all(|outcome| matches!(outcome, Ok(Outcome::Released(_)))));
    assert_eq!((stock(&db, 1).await, stock(&db, 2).await), (50, 50));
    check_ledger(&db).await;
}

/// An operation on the stock.
#[derive(Debug, Clone, Copy)]
enum Step {
    Move { product: i64, units: i64 },
    Reserve { order: i64, revision: i64, first: i64, second: i64 },
    Confirm(i64),
    Release(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let order = 1..=4_i64;
    let step = prop_oneof![
        (1..=2_i64, -30..=30_i64).prop_map(|(product, units)| Step::Move { product, units }),
        order.clone().prop_map(Step::Confirm),
        order.clone().prop_map(Step::Release),
        (order, 0..5_i64, 1..=20_i64, 1..=20_i64)
            .prop_map(|(order, revision, first, second)| Step::Reserve { order, revision, first, second }),
    ];
    proptest::collection::vec(step, 1..20)
}

/// A property, checked with forty sequences: the stock is never negative, and always the sum of its movements.
#[tokio::test]
async fn any_sequence_of_steps_keeps_stock_the_sum_of_its_movements() {
    let db = scene().await;
    let admin = kernel::UserId::try_from(1).unwrap();
    let mut runner = TestRunner::deterministic();
    for sequence in 0..40_i64 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut done = Vec::new();
        for step in steps {
            done.push(step);
            // Each sequence has its own orders.
            let number = |order: i64| sequence * 100 + order;
            match step {
                Step::Move { product, units } if units != 0 => {
                    let body = json!({ "quantityChange": units, "movementType": "adjustment" });
                    let movement = NewMovement::read(fields(&body)).unwrap();
                    let moved = store::adjust_stock(&db, admin, product.try_into().unwrap(), &movement).await;
                    assert!(
                        matches!(moved, Ok(_) | Err(WriteError::Rejected(Rejection::InsufficientStock(_)))),
                        "{moved:?} after {done:?}"
                    );
                }
                Step::Move { .. } => {}
                Step::Reserve { order, revision, first, second } => {
                    reserve(&db, number(order), revision, &[(1, first), (2, second)]).await;
                }
                Step::Confirm(order) => drop(store::confirm(&db, &self::order(number(order))).await.unwrap()),
                Step::Release(order) => drop(store::release(&db, &self::order(number(order))).await.unwrap()),
            }
            assert!(stock(&db, 1).await >= 0 && stock(&db, 2).await >= 0, "{done:?}");
        }
        let ledger: Value = serde_json::from_str(&store::check_ledger(&db).await.unwrap()).unwrap();
        assert_eq!(ledger, json!({ "differences": [] }), "{done:?}");
    }
}
