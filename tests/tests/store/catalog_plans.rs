//! Every statement of the products service uses an index with 100,000 products and a million movements, and the cost of a page
//! does not depend on its number.

use cartwheel_tests::pg::NativePg;
use kernel::fields::{Fields, InvalidFields};
use kernel::page::PageRequest;
use kernel::{ExpectedVersion, Limit, OrderId, ProductId, UserId};
use migrate::Service;
use products::domain::category::{read_category_change, read_new_category};
use products::domain::changes::Changes;
use products::domain::filter::{Filter, SortKey};
use products::domain::import::Row;
use products::domain::movement::NewMovement;
use products::domain::product::{read_imported_product, read_new_product, read_product_change};
use products::domain::reservation::{Item, ReserveRequest};
use products::domain::review::{Author, NewReview};
use products::domain::variant::{read_new_variant, read_variant_change};
use products::store;
use serde_json::{Value, json};

use crate::plans::Explained;

/// A hundred categories in ten groups of different sizes, a variant of each product, a million movements.
const SCENE: &str = "
    insert into categories (slug, name, parent_id)
    select 'category-' || n, 'Category ' || n, case when n > 10 then 1 + n % 10 end from generate_series(1, 110) n;
    insert into products
      (sku, name, description, category_id, base_price, status, stock_quantity, rating_sum, rating_count, created_at)
    select 'SKU-' || n, (array['Lamp', 'Chair', 'Table', 'Kettle', 'Laptop'])[1 + n % 5] || ' ' || md5(n::text),
      'For everyday use', 11 + (n::bigint * n % 100), (n::bigint * 7919 % 100000) / 100.0, 'active', 10, n % 50, 10,
      now() - make_interval(secs => n)
    from generate_series(1, 100000) n;
    insert into product_variants (product_id, variant_name) select n, 'Variant' from generate_series(1, 100000) n;
    insert into stock_movements (product_id, movement_type, quantity_change, notes)
    select p.id, 'restock', 1, null from products p, generate_series(1, 10);
    insert into product_reviews (product_id, user_id, author, rating)
    select n, n % 1000, 'Ada', 3 from generate_series(1, 100000) n;
    insert into stock_reservations (order_id, revision, currency, expires_at, state)
    select 'ORD-' || n, 1, 'USD', now(), case when n % 1000 = 0 then 'held' else 'confirmed' end
    from generate_series(1, 100000) n;
    insert into stock_reservation_lines (order_id, line_number, product_id, quantity, unit_price, product_name, sku)
    select 'ORD-' || n, 1, n, 1, 1, 'x', 'x' from generate_series(1, 100000) n;
    analyze;";

fn filter(query: &str) -> Filter {
    let parameters: Vec<(&str, &str)> =
        query.split('&').filter_map(|parameter| parameter.split_once('=')).collect();
    Filter::parse(|name| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)).unwrap()
}

fn page<K>(after: Option<K>, limit: Limit) -> PageRequest<K> {
    PageRequest { after, limit }
}

fn read(reader: fn(Fields) -> Result<Changes, InvalidFields>, body: Value) -> Changes {
    reader(Fields::from_value(body).unwrap()).unwrap()
}

fn product(id: i64) -> ProductId {
    id.try_into().unwrap()
}

/// Returns the number of database pages that a list reads.
async fn pages_read(db: &Explained, filter: &Filter, request: &PageRequest<SortKey>) -> u64 {
    store::list_products(db, filter, request).await.unwrap();
    let plans = db.last.lock().unwrap().join("\n");
    // The first node: its count includes the nodes below it.
    let buffers = plans.lines().find(|line| line.trim_start().starts_with("Buffers: shared")).unwrap();
    let counts = buffers.split([' ', '=']).filter_map(|word| word.parse::<u64>().ok());
    counts.sum()
}

#[tokio::test]
async fn every_statement_uses_an_index_on_a_hundred_thousand_products() {
    let owner = NativePg::fresh(Service::Products).await;
    owner.admin(SCENE).await;
    let db = Explained::of(&owner, Service::Products).await;
    read_lists(&db).await;
    write_all(&db).await;
    reserve_all(&db).await;
    // These statements aggregate whole tables: no shopper waits for the check of the ledger, and one pass counts all categories.
    db.check(Service::Products, &["check_ledger", "list_categories", "list_facets"]);
}

async fn read_lists(db: &Explained) {
    for sort in ["newest", "price", "-price", "name", "rating"] {
        for category in ["", "&category=category-1", "&category=category-77"] {
            let filter = filter(&format!("sort={sort}{category}"));
            let first = page(None, Limit::MAX);
            let cost = pages_read(db, &filter, &first).await;
            let next = store::list_products(db, &filter, &first).await.unwrap().next;
            // Page 1,000 of all products, or the second page of a category.
            let deep = match next {
                Some(_) if category.is_empty() => deep_key(sort),
                Some(key) => serde_json::from_str(key.get()).unwrap(),
                None => continue,
            };
            let far_cost = pages_read(db, &filter, &page(Some(deep), Limit::MAX)).await;
            assert!(far_cost <= cost * 2, "{sort}{category}: {far_cost} pages far down, {cost} at first");
        }
    }
    for query in ["q=kettle&sort=price", "q=sku-777", "q=nothing like it", "q=lamp&category=category-5"] {
        store::list_products(db, &filter(query), &page(None, Limit::default())).await.unwrap();
    }
    store::list_facets(db, &filter("category=category-77")).await.unwrap();
    store::correct_query(db, "kettel").await.unwrap();
    store::suggest(db, "kett").await.unwrap();
    store::find_product(db, product(77)).await.unwrap();
    store::find_administered_product(db, product(77)).await.unwrap();
    store::find_stock(db, product(100), None).await.unwrap();
    store::list_categories(db, None).await.unwrap();
    store::list_reviews(db, product(77), &page(None, Limit::default())).await.unwrap();
    store::list_movements(db, product(77), None, &page(None, Limit::default())).await.unwrap();
    store::export_products(db, Some(50_000), 100).await.unwrap();
    store::ping(db).await.unwrap();
}

/// Returns a sort key in the middle of all products.
fn deep_key(sort: &str) -> SortKey {
    let value = match sort {
        "newest" => "2020-01-01 00:00:00+00",
        "price" => "990.00",
        "-price" => "10.00",
        "name" => "Table f",
        _ => "0.10",
    };
    SortKey { value: value.to_owned(), id: 50_000 }
}

async fn write_all(db: &Explained) {
    let (admin, any) = (UserId::try_from(1).unwrap(), ExpectedVersion::Any);
    let new = json!({ "name": "New", "sku": "NEW-1", "categoryId": 11, "basePrice": 1, "stockQuantity": 3 });
    store::create_product(db, admin, &read(read_new_product, new)).await.unwrap();
    let change = read(read_product_change, json!({ "basePrice": 2, "stockQuantity": 7 }));
    store::change_product(db, admin, product(77), &any, &change).await.unwrap();
    let variant = read(read_new_variant, json!({ "variantName": "Large", "stockQuantity": 3 }));
    let made = store::save_variant(db, admin, product(77), None, &any, &variant).await.unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_i64().unwrap().try_into().unwrap();
    let change = read(read_variant_change, json!({ "priceModifier": 2 }));
    store::save_variant(db, admin, product(77), Some(id), &any, &change).await.unwrap();
    store::archive_variant(db, admin, product(77), id, &any).await.unwrap();
    let category = read(read_new_category, json!({ "name": "New", "parentId": 1 }));
    let made = store::save_category(db, admin, None, &any, &category).await.unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_i64().unwrap().try_into().unwrap();
    let change = read(read_category_change, json!({ "parentId": null }));
    store::save_category(db, admin, Some(id), &any, &change).await.unwrap();
    store::delete_category(db, admin, id, &any).await.unwrap();
    let movement = json!({ "quantityChange": 1, "movementType": "restock" });
    let movement = NewMovement::read(Fields::from_value(movement).unwrap()).unwrap();
    store::adjust_stock(db, admin, product(77), &movement).await.unwrap();
    let review = NewReview { rating: 5, comment: String::new() };
    store::write_review(db, product(77), &Author::new(admin, "Ada"), &review, false).await.unwrap();
    store::delete_review(db, product(77), 77, None).await.unwrap();
    let row = json!({ "name": "Kettle", "sku": "SKU-5", "category": "category-11", "basePrice": 1 });
    let rows = [Row { row: 1, product: read(read_imported_product, row) }];
    store::import_products(db, admin, &rows, false).await.unwrap();
}

async fn reserve_all(db: &Explained) {
    let order = OrderId::of_cart("plans", 1);
    let lines = json!([{ "productId": 78, "quantity": 1 }, { "productId": 77, "quantity": 2 }]);
    let body = json!({ "orderId": order, "revision": 1, "lines": lines, "ttlSeconds": 60 });
    store::reserve(db, &ReserveRequest::read(Fields::from_value(body).unwrap()).unwrap()).await.unwrap();
    store::confirm(db, &order).await.unwrap();
    store::release(db, &order).await.unwrap();
    store::find_reservation(db, &order).await.unwrap();
    store::list_expired_reservations(db, Limit::default()).await.unwrap();
    let items =
        Item::read_all(Fields::from_value(json!({ "lines": [{ "productId": 77 }] })).unwrap()).unwrap();
    store::quote(db, &items).await.unwrap();
    store::check_ledger(db).await.unwrap();
}
