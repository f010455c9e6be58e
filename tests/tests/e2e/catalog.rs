//! Administration of the catalog and the stock, and reviews.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cartwheel_tests::shop::SERVICE_TOKEN;
use cartwheel_tests::{Answer, Shop, Shopper};
use serde_json::{Value, json};

crate::tests![
    a_product_is_added_changed_and_archived,
    a_product_is_changed_from_the_version_that_was_read,
    a_sku_is_one_products,
    a_variant_is_added_sold_and_archived,
    categories_are_a_tree_and_stay_one,
    stock_moves_through_the_ledger_only,
    what_cannot_be_written_is_said_field_by_field,
    a_review_is_written_once_counted_and_taken_back,
    a_review_of_what_was_bought_is_verified,
    suggestions_are_names_that_begin_with_contain_or_resemble_the_text,
    a_search_that_finds_nothing_is_corrected,
    whatever_is_typed_is_a_search,
    facets_count_what_a_list_finds,
    a_public_answer_is_as_old_as_the_variable_says_and_an_admins_is_fresh,
];

/// Returns a text that is unique to this run.
fn fresh(text: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{text}-{}-{}", NUMBER.fetch_add(1, Ordering::Relaxed), std::process::id())
}

async fn create(admin: &Shopper, changes: Value) -> Value {
    let mut product = json!({
        "name": "Test Lamp", "sku": fresh("lamp"), "description": "Two\nlines.", "categoryId": 1,
        "basePrice": "12.50", "stockQuantity": 5, "status": "active",
    });
    product.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let made = admin.call("POST", "/products").json(&product).send().await.expect(201);
    assert_eq!(made.header("location"), format!("/products/{}", made.json()["id"]));
    made.json()
}

async fn change(admin: &Shopper, path: &str, changes: Value) -> Answer {
    admin.call("PATCH", path).json(&changes).send().await
}

async fn ledger_is_right(shop: &Shop) {
    let ledger = shop.client.call("GET", "/internal/products/ledger/check").bearer(SERVICE_TOKEN);
    assert_eq!(ledger.send().await.expect(200).json(), json!({ "differences": [] }));
}

async fn a_product_is_added_changed_and_archived(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let made = create(&admin, json!({ "status": "draft" })).await;
    assert_eq!((&made["stockQuantity"], &made["basePrice"].to_string()), (&json!(5), &"12.50".to_owned()));
    let path = format!("/products/{}", made["id"]);
    // Only admins see a draft.
    let ada = shop.client.shopper().await;
    shop.client.get(&path).await.problem(404, "not-found");
    ada.call("GET", &path).send().await.problem(404, "not-found");
    ada.add(made["id"].as_i64().unwrap(), 1).await.problem(404, "not-found");
    assert_eq!(admin.call("GET", &path).send().await.expect(200).json()["status"], "draft");

    let changes = json!({ "status": "active", "name": "Test Lantern", "basePrice": 9, "stockQuantity": 3 });
    let changed = change(&admin, &path, changes).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["stockQuantity"]), (&json!("Test Lantern"), &json!(3)));
    let shown = shop.client.get(&path).await.expect(200).json();
    assert_eq!(
        (&shown["basePrice"].to_string(), &shown["name"]),
        (&"9.00".to_owned(), &json!("Test Lantern"))
    );
    assert_eq!(shown.get("status"), None);

    admin.call("DELETE", &path).send().await.expect(204);
    shop.client.get(&path).await.problem(404, "not-found");
    assert_eq!(admin.call("GET", &path).send().await.expect(200).json()["status"], "archived");
    admin.call("DELETE", "/products/999999999").send().await.problem(404, "not-found");
    change(&admin, "/products/999999999", json!({})).await.problem(404, "not-found");
    ledger_is_right(&shop).await;
}

async fn a_product_is_changed_from_the_version_that_was_read(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let made = create(&admin, json!({})).await;
    let path = format!("/products/{}", made["id"]);
    let etag = shop.client.get(&path).await.expect(200).header("etag").to_owned();
    let change = async |etag: &str, method: &str, body: Option<Value>| {
        let call = admin.call(method, &path).header("if-match", etag);
        match body {
            Some(body) => call.json(&body).send().await,
            None => call.send().await,
        }
    };
    // Stock that moved meanwhile is no other version: it is no field of the product that people write.
    let ada = shop.client.shopper().await;
    ada.add(made["id"].as_i64().unwrap(), 1).await.expect(200);
    ada.checkout().await.expect(201);
    let changed = change(&etag, "PATCH", Some(json!({ "name": "Newer" }))).await.expect(200);
    assert_eq!(changed.json()["stockQuantity"], 4);
    change(&etag, "PATCH", Some(json!({ "name": "Older" }))).await.problem(412, "stale-version");
    change(&etag, "DELETE", None).await.problem(412, "stale-version");
    change(changed.header("etag"), "DELETE", None).await.expect(204);
}

async fn a_sku_is_one_products(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let (first, second) = (create(&admin, json!({})).await, create(&admin, json!({})).await);
    let taken = json!({ "sku": first["sku"].as_str().unwrap().to_lowercase() });
    change(&admin, &format!("/products/{}", second["id"]), taken).await.problem(409, "sku-taken");
    let sku = fresh("race");
    let product = json!({ "name": "Race", "sku": sku, "categoryId": 1, "basePrice": 1 });
    let creations = (0..12).map(|_| admin.call("POST", "/products").json(&product).send());
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(creations).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 11][..]));
}

async fn a_variant_is_added_sold_and_archived(shop: Arc<Shop>) {
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let product = create(&admin, json!({})).await["id"].as_i64().unwrap();
    let folder = format!("/products/{product}/variants");
    let large = json!({ "variantName": "Large", "priceModifier": 2.5, "stockQuantity": 3 });
    let made = admin.call("POST", &folder).json(&large).send().await.expect(201);
    let path = made.header("location").to_owned();
    let made = made.json();
    assert_eq!((made["price"].to_string(), &made["stockQuantity"]), ("15.00".to_owned(), &json!(3)));
    admin.call("POST", &folder).json(&large).send().await.problem(409, "variant-name-taken");
    let cheap = json!({ "variantName": "Cheap", "priceModifier": "-12.51" });
    admin.call("POST", &folder).json(&cheap).send().await.problem(422, "validation-failed");

    let line = json!({ "productId": product, "variantId": made["id"], "quantity": 2 });
    ada.call("POST", "/orders/cart").json(&line).send().await.expect(200);
    ada.checkout().await.expect(201);
    let changed = change(&admin, &path, json!({ "priceModifier": 3 })).await.expect(200);
    assert_eq!(changed.json()["stockQuantity"], 1);
    let stale = admin.call("DELETE", &path).header("if-match", "\"1\"").send().await;
    stale.problem(412, "stale-version");
    admin.call("DELETE", &path).header("if-match", changed.header("etag")).send().await.expect(204);
    admin.call("DELETE", &path).send().await.problem(404, "not-found");

    // An archived variant is not there, cannot be bought, and its name is free.
    let shown = shop.client.get(&format!("/products/{product}")).await.expect(200).json();
    assert_eq!(shown["variants"], json!([]));
    let stock = format!("/products/{product}/stock?variantId={}", made["id"]);
    shop.client.get(&stock).await.problem(404, "not-found");
    let refused = ada.call("POST", "/orders/cart").json(&line).send().await;
    refused.problem(404, "not-found");
    admin.call("POST", &folder).json(&large).send().await.expect(201);
    ledger_is_right(&shop).await;
}

async fn categories_are_a_tree_and_stay_one(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let add = async |name: &str, parent: Value| {
        let category = json!({ "name": name, "parentId": parent });
        admin.call("POST", "/products/categories").json(&category).send().await.expect(201).json()
    };
    let (top, inner) = (fresh("Top & Co"), fresh("Inner"));
    let top = add(&top, Value::Null).await;
    let inner = add(&inner, top["id"].clone()).await;
    let slug = |category: &Value| category["slug"].as_str().unwrap().to_owned();
    assert!(slug(&top).starts_with("top-co-"), "{top}");
    let path = |category: &Value| format!("/products/categories/{}", slug(category));

    let under = |parent: &Value| json!({ "parentId": parent["id"] });
    change(&admin, &path(&top), under(&inner)).await.problem(409, "category-circle");
    change(&admin, &path(&top), under(&top)).await.problem(409, "category-circle");
    change(&admin, &path(&top), json!({ "parentId": 999_999 })).await.problem(422, "validation-failed");
    change(&admin, &path(&top), json!({ "slug": slug(&inner) })).await.problem(409, "slug-taken");
    // Two moves at once, each of them right by itself: not both.
    let other = add(&fresh("Other"), Value::Null).await;
    let (of_top, of_other) = (path(&top), path(&other));
    let moves =
        tokio::join!(change(&admin, &of_top, under(&other)), change(&admin, &of_other, under(&inner)));
    let mut statuses = [moves.0.status, moves.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);

    let product = create(&admin, json!({ "categoryId": inner["id"] })).await;
    let listed = shop.client.get(&format!("/products?category={}", slug(&top))).await.expect(200).json();
    assert_eq!(listed["products"][0]["id"], product["id"], "what is below is in it");
    let shown = shop.client.get(&path(&top)).await.expect(200).json();
    assert_eq!(shown["productCount"], 1);
    for category in [&top, &inner] {
        admin.call("DELETE", &path(category)).send().await.problem(409, "category-in-use");
    }
    let elsewhere = json!({ "categoryId": 1 });
    change(&admin, &format!("/products/{}", product["id"]), elsewhere).await.expect(200);
    // By its id as well.
    let by_id = format!("/products/categories/{}", inner["id"]);
    let moved = change(&admin, &by_id, json!({ "parentId": null, "name": "Renamed" })).await;
    if moved.status == 200 {
        assert_eq!(moved.json()["parentId"], Value::Null);
    }
    let gone = add(&fresh("Gone"), Value::Null).await;
    admin.call("DELETE", &path(&gone)).send().await.expect(204);
    shop.client.get(&path(&gone)).await.problem(404, "not-found");
    admin.call("DELETE", &path(&gone)).send().await.problem(404, "not-found");
}

async fn stock_moves_through_the_ledger_only(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let product = create(&admin, json!({})).await["id"].as_i64().unwrap();
    let path = format!("/products/{product}/stock/movements");
    let move_by = async |units: i64, kind: &str| {
        let movement = json!({ "quantityChange": units, "movementType": kind, "notes": "count" });
        admin.call("POST", &path).json(&movement).send().await
    };
    assert_eq!(move_by(7, "restock").await.expect(201).json(), json!({ "stockQuantity": 12 }));
    assert_eq!(move_by(-2, "adjustment").await.expect(201).json(), json!({ "stockQuantity": 10 }));
    let refused = move_by(-11, "adjustment").await.problem(409, "insufficient-stock");
    assert_eq!(refused["available"], 10);
    for (units, kind) in [(0, "restock"), (-1, "restock"), (-1, "return"), (1, "sale"), (i64::MAX, "restock")]
    {
        let movement = json!({ "quantityChange": units, "movementType": kind });
        let refused = admin.call("POST", &path).json(&movement).wrong().send().await;
        refused.problem(422, "validation-failed");
    }
    move_by(1_000_000_000, "restock").await.problem(409, "too-much-stock");
    // Many at once: each unit is taken once.
    let takes = (0..20).map(|_| move_by(-1, "adjustment"));
    let takes = futures_util::future::join_all(takes).await;
    assert_eq!(takes.iter().filter(|taken| taken.status == 201).count(), 10);
    let stock = shop.client.get(&format!("/products/{product}/stock")).await.expect(200).json();
    assert_eq!((&stock["quantity"], &stock["inStock"]), (&json!(0), &json!(false)));

    let (mut movements, mut cursor) = (Vec::<Value>::new(), String::new());
    loop {
        let page = admin.call("GET", &format!("{path}?limit=5{cursor}")).send().await.expect(200).json();
        movements.extend(page["movements"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(movements.len(), 13);
    let sum: i64 = movements.iter().map(|row| row["quantityChange"].as_i64().unwrap()).sum();
    assert_eq!(sum, 0);
    let missing = admin.call("GET", "/products/999999999/stock/movements").send().await;
    missing.problem(404, "not-found");
    ledger_is_right(&shop).await;
}

async fn what_cannot_be_written_is_said_field_by_field(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let wrong = json!({
        "name": "", "sku": "no spaces please", "categoryId": 0, "basePrice": -1, "stockQuantity": 1.5,
        "status": "sold", "rating": 5,
    });
    let refused = admin.call("POST", "/products").json(&wrong).wrong().send().await;
    let refused = refused.problem(422, "validation-failed");
    let mut fields: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    let expected = ["basePrice", "categoryId", "name", "rating", "sku", "status", "stockQuantity"];
    assert_eq!(fields, expected);
    let nowhere = json!({ "name": "Lamp", "sku": fresh("x"), "categoryId": 999_999, "basePrice": 1 });
    let refused = admin.call("POST", "/products").json(&nowhere).send().await;
    assert_eq!(refused.problem(422, "validation-failed")["errors"][0]["field"], "categoryId");
}

async fn rating_of(shop: &Shop, product: i64) -> (i64, String) {
    let shown = shop.client.get(&format!("/products/{product}")).await.expect(200).json();
    (shown["rating"]["count"].as_i64().unwrap(), shown["rating"]["average"].to_string())
}

async fn a_review_is_written_once_counted_and_taken_back(shop: Arc<Shop>) {
    let (admin, ada, bob) = (shop.admin().await, shop.client.shopper().await, shop.client.shopper().await);
    let product = create(&admin, json!({})).await["id"].as_i64().unwrap();
    let path = format!("/products/{product}/reviews");
    let write = async |shopper: &Shopper, rating: i64| {
        let review = json!({ "rating": rating, "comment": "Bright.\nVery." });
        shopper.call("POST", &path).json(&review).send().await
    };
    let written = write(&ada, 5).await.expect(201).json();
    assert_eq!((&written["author"], &written["verifiedPurchase"]), (&json!("Some S."), &json!(false)));
    write(&ada, 1).await.problem(409, "already-reviewed");
    assert_eq!(rating_of(&shop, product).await, (1, "5.00".to_owned()));
    write(&bob, 2).await.expect(201);
    assert_eq!(rating_of(&shop, product).await, (2, "3.50".to_owned()));
    let listed = shop.client.get(&path).await.expect(200).json();
    assert_eq!(listed["reviews"].as_array().unwrap().len(), 2);

    let hers = format!("{path}/{}", written["id"]);
    bob.call("DELETE", &hers).send().await.problem(404, "not-found");
    ada.call("DELETE", &hers).send().await.expect(204);
    ada.call("DELETE", &hers).send().await.problem(404, "not-found");
    assert_eq!(rating_of(&shop, product).await, (1, "2.00".to_owned()));
    let again = write(&ada, 4).await.expect(201).json();
    admin.call("DELETE", &format!("{path}/{}", again["id"])).send().await.expect(204);
    for wrong in [json!({ "rating": 0 }), json!({ "rating": 6 }), json!({ "rating": "5" }), json!({})] {
        let refused = ada.call("POST", &path).json(&wrong).wrong().send().await;
        refused.problem(422, "validation-failed");
    }
    let nothing = ada.call("POST", "/products/999999999/reviews").json(&json!({ "rating": 5 })).send().await;
    nothing.problem(404, "not-found");
    // One person, many tabs.
    let writes = (0..8).map(|_| write(&ada, 3));
    let written = futures_util::future::join_all(writes).await;
    assert_eq!(written.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(rating_of(&shop, product).await.0, 2);
    // A session that ended writes nothing.
    ada.call("POST", "/users/logout").send().await.expect(204);
    write(&ada, 3).await.problem(401, "invalid-token");
}

async fn a_review_of_what_was_bought_is_verified(shop: Arc<Shop>) {
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let bought = create(&admin, json!({})).await["id"].as_i64().unwrap();
    let cancelled = create(&admin, json!({})).await["id"].as_i64().unwrap();
    for product in [bought, cancelled] {
        ada.add(product, 1).await.expect(200);
        let order = ada.checkout().await.expect(201).json();
        if product == cancelled {
            let path = format!("/orders/{}/cancel", order["orderId"].as_str().unwrap());
            ada.call("POST", &path).send().await.expect(200);
        }
    }
    for (product, is_verified) in [(bought, true), (cancelled, false)] {
        let review = ada.call("POST", &format!("/products/{product}/reviews")).json(&json!({ "rating": 5 }));
        assert_eq!(review.send().await.expect(201).json()["verifiedPurchase"], is_verified);
    }
}

async fn suggestions_are_names_that_begin_with_contain_or_resemble_the_text(shop: Arc<Shop>) {
    let suggest = async |typed: &str| {
        let found = shop.client.get(&format!("/products/suggest?q={typed}")).await.expect(200).json();
        found["suggestions"].as_array().unwrap().clone()
    };
    for typed in ["auro", "AURORA+14", "laptop+aur", "Aurora+14+Laptp"] {
        assert!(suggest(typed).await.contains(&json!("Aurora 14 Laptop")), "{typed}");
    }
    assert!(suggest("a").await.len() <= 10);
    assert_eq!(suggest("").await, Vec::<Value>::new());
    for hostile in ["%25", "_", "%27", "%22", "a:*", "%5C", "((", "%F0%9F%8E%A1", &"x".repeat(200)] {
        assert!(suggest(hostile).await.len() <= 10, "{hostile}");
    }
    let long = format!("/products/suggest?q={}", "x".repeat(201));
    shop.client.call("GET", &long).wrong().send().await.problem(400, "invalid-parameter");
}

async fn a_search_that_finds_nothing_is_corrected(shop: Arc<Shop>) {
    let search =
        async |query: &str| shop.client.get(&format!("/products?{query}&limit=1")).await.expect(200).json();
    for (typed, meant) in [("laptpo", "laptop"), ("auroar+laptop", "aurora laptop"), ("LAPTOOP", "laptop")] {
        let found = search(&format!("q={typed}")).await;
        assert_eq!(found["correctedQuery"], meant, "{typed}");
        assert_eq!(found["products"].as_array().unwrap().len(), 1, "{typed}");
        // The next page is of the same search.
        let cursor = found["nextCursor"].as_str().unwrap();
        let next = search(&format!("q={typed}&cursor={cursor}")).await;
        assert_ne!(next["products"][0]["id"], found["products"][0]["id"]);
    }
    // What is found needs no correction, and a word without a similar one gets none.
    for typed in ["laptop", "qqqqqqqqqq", "%F0%9F%8E%A1", "laptop&maxPrice=0.01", "a+b+c+d+e+f+g+h+i+j"] {
        assert_eq!(search(&format!("q={typed}")).await.get("correctedQuery"), None, "{typed}");
    }
}

async fn whatever_is_typed_is_a_search(shop: Arc<Shop>) {
    let names = async |query: &str| {
        let found = shop.client.get(&format!("/products?limit=100&q={query}")).await.expect(200).json();
        let names = found["products"].as_array().unwrap().iter().map(|product| product["name"].to_string());
        names.collect::<Vec<_>>()
    };
    // What is found: by a beginning, another form, a SKU in any case, in quotes, and without a word.
    for query in ["auror", "laptops", "lap-aurora-14-laptop-001", "%22aurora+14%22", "aurora+-kettle"] {
        assert!(names(query).await.iter().any(|name| name.contains("Aurora 14 Laptop")), "{query}");
    }
    assert!(!names("laptop+-aurora").await.iter().any(|name| name.contains("Aurora 14 Laptop")));
    // What is only text, whatever it means elsewhere.
    for query in [
        "%27",
        "%22",
        "%22%22",
        "%25",
        "_",
        "%5C",
        "-",
        "--",
        "%7C",
        "%26",
        "!",
        "a:*",
        "%3C-%3E",
        "((",
        "%29",
        "or",
        "and",
        "not",
        "OR+OR",
        "%F0%9F%8E%A1",
        "%00a",
        "%27%3B+drop+table+products%3B--",
        "$1",
        "a%09b",
        "%E6%97%A5%E6%9C%AC",
        &"x".repeat(200),
        &"a+".repeat(100),
        &"%22a+".repeat(50),
    ] {
        let status = shop.client.call("GET", &format!("/products?q={query}")).wrong().send().await.status;
        assert!([200, 400].contains(&status), "{query}: {status}");
    }
}

async fn facets_count_what_a_list_finds(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let category = json!({ "name": fresh("Facets") });
    let category = admin.call("POST", "/products/categories").json(&category).send().await.expect(201).json();
    for (price, units) in [("5.00", 0), ("7.50", 3), ("10.00", 1)] {
        let product = json!({ "categoryId": category["id"], "basePrice": price, "stockQuantity": units });
        create(&admin, product).await;
    }
    let slug = category["slug"].as_str().unwrap();
    let facets = async |query: &str| {
        let path = format!("/products?category={slug}&facets=true&limit=1{query}");
        shop.client.get(&path).await.expect(200).json()["facets"].clone()
    };
    let all = facets("").await;
    assert_eq!(all["categories"][0]["count"], 3);
    assert_eq!(
        (all["price"]["min"].to_string(), all["price"]["max"].to_string()),
        ("5.00".into(), "10.00".into())
    );
    assert_eq!(all["inStock"], json!({ "true": 2, "false": 1 }));
    assert_eq!(facets("&minPrice=6&inStock=true").await["categories"][0]["count"], 2);
    let none = facets("&minPrice=11").await;
    assert_eq!((&none["categories"], &none["price"]["min"]), (&json!([]), &Value::Null));
    let plain = shop.client.get(&format!("/products?category={slug}")).await.expect(200).json();
    assert_eq!(plain.get("facets"), None);
    shop.client.call("GET", "/products?facets=maybe").wrong().send().await.problem(400, "invalid-parameter");
}

async fn a_public_answer_is_as_old_as_the_variable_says_and_an_admins_is_fresh(shop: Arc<Shop>) {
    use std::time::{Duration, Instant};
    const TIME_TO_LIVE: Duration = Duration::from_millis(1500);
    let cached = [("CATALOG_CACHE_MS", "1500")];
    let cached = Shop::start_with(cartwheel_tests::shop::database_port(), &cached);
    let admin = shop.admin().await;
    let product = create(&admin, json!({})).await["id"].as_i64().unwrap();
    let path = format!("/products/{product}");
    let price = async |client: &cartwheel_tests::Client| {
        client.get(&path).await.expect(200).json()["basePrice"].to_string()
    };
    assert_eq!(price(&cached.client).await, "12.50");
    // Written through another shop, whose instances know nothing of this one's.
    change(&admin, &path, json!({ "basePrice": 20 })).await.expect(200);
    let written = Instant::now();
    let fresh = cached.client.call("GET", &path).bearer(&admin.token).send().await.expect(200).json();
    assert_eq!(fresh["basePrice"].to_string(), "20.00", "a request with a token bypasses the cache");
    let first = price(&cached.client).await;
    assert!(first == "12.50" || written.elapsed() >= TIME_TO_LIVE, "it is kept for a while: {first}");
    while price(&cached.client).await != "20.00" {
        let limit = TIME_TO_LIVE + Duration::from_millis(500);
        assert!(written.elapsed() <= limit, "it is older than that after {:?}", written.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Stock is not kept, and what is written through an instance is seen through it.
    cached.client.get(&format!("{path}/stock")).await.expect(200);
    let movement = json!({ "quantityChange": 7, "movementType": "restock" });
    let moves = format!("{path}/stock/movements");
    let moved = cached.client.call("POST", &moves).bearer(&admin.token).json(&movement).send().await;
    moved.expect(201);
    let stock = cached.client.get(&format!("{path}/stock")).await.expect(200).json();
    assert_eq!(stock["quantity"], 12);
}
