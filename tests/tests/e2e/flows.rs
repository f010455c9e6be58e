//! What a shopper does, from the door to the receipt.

use std::sync::Arc;

use cartwheel_tests::Shop;
use cartwheel_tests::shop::SERVICE_TOKEN;
use serde_json::json;

crate::tests![
    a_shopper_registers_browses_fills_the_cart_and_checks_out,
    browsing_pages_through_a_category_and_all_below_it,
    every_order_of_the_list_is_an_order,
    a_search_finds_what_was_meant,
    a_product_shows_its_variants_and_its_stock,
    an_unchanged_product_is_not_sent_again,
    a_cart_line_is_set_and_removed,
    a_refresh_token_is_good_once_and_a_retry_gets_the_same_successor,
    a_logged_out_token_is_refused_at_once,
    orders_are_listed_newest_first_and_page_by_page,
];

async fn a_shopper_registers_browses_fills_the_cart_and_checks_out(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let login = json!({ "email": ada.email.to_uppercase(), "password": "correct horse" });
    let tokens = shop.client.call("POST", "/users/login").json(&login).send().await.expect(200).json();
    assert_eq!(tokens["user"]["id"], ada.id);

    let laptops =
        shop.client.get("/products?category=Electronics&q=aurora+laptop&sort=price").await.expect(200).json();
    let laptop = laptops["products"]
        .as_array()
        .unwrap()
        .iter()
        .find(|product| product["basePrice"].to_string() == "1299.99");
    let id = laptop.unwrap()["id"].as_i64().unwrap();

    let cart = ada.add(id, 2).await.expect(200).json();
    assert_eq!(cart["success"], true);
    let cart = ada.cart().await;
    assert_eq!(cart["totalAmount"].to_string(), "2599.98");
    assert_eq!(
        (&cart["itemCount"], &cart["items"][0]["price"].to_string()),
        (&json!(2), &"1299.99".to_owned())
    );

    let placed = ada.checkout().await.expect(201);
    let order = placed.json();
    assert_eq!(order["totalAmount"].to_string(), "2599.98");
    assert_eq!((&order["status"], &order["userId"]), (&json!("pending"), &json!(ada.id)));
    let location = placed.header("location").to_owned();
    assert_eq!(location, format!("/orders/{}", order["orderId"].as_str().unwrap()));
    assert_eq!(ada.call("GET", &location).send().await.expect(200).json(), order);
    assert_eq!(ada.cart().await["items"], json!([]));
    ada.checkout().await.problem(422, "cart-empty");

    let reservation = format!("/internal/products/reservations/{}", order["orderId"].as_str().unwrap());
    let reservation =
        shop.client.call("GET", &reservation).bearer(SERVICE_TOKEN).send().await.expect(200).json();
    assert_eq!(reservation["state"], "confirmed");
    assert_eq!(reservation["lines"][0]["quantity"], 2);
    let ledger =
        shop.client.call("GET", "/internal/products/ledger/check").bearer(SERVICE_TOKEN).send().await;
    assert_eq!(ledger.expect(200).json(), json!({ "differences": [] }));

    let bob = shop.client.shopper().await;
    let theirs = bob.call("GET", &location).header("x-request-id", "r").send().await.expect(404);
    let missing = "/orders/ORD-0000-0000-0000-0000";
    let missing = bob.call("GET", missing).header("x-request-id", "r").send().await.expect(404);
    assert_eq!(theirs.text(), missing.text(), "another user's order differs from a missing one");
}

async fn browsing_pages_through_a_category_and_all_below_it(shop: Arc<Shop>) {
    let categories = shop.client.get("/products/categories").await.expect(200).json();
    let categories = categories["categories"].as_array().unwrap();
    assert!(categories.iter().filter(|category| category["parentId"].is_null()).count() >= 8);
    let electronics = shop.client.get("/products/categories/electronics").await.expect(200).json();
    shop.client.get("/products/categories/nothing").await.problem(404, "not-found");

    for category in ["Electronics", "electronics"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/products?category={category}&limit=7&sort=name{cursor}");
            let page = shop.client.get(&path).await.expect(200).json();
            seen.extend(
                page["products"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|product| product["name"].as_str().unwrap().to_owned()),
            );
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len() as u64, electronics["productCount"].as_u64().unwrap());
        assert!(seen.is_sorted(), "{seen:?}");
        seen.dedup();
        assert_eq!(seen.len() as u64, electronics["productCount"].as_u64().unwrap(), "a product came twice");
    }
    let nothing = shop.client.get("/products?category=nothing").await.expect(200).json();
    assert_eq!(nothing["products"], json!([]));
}

async fn every_order_of_the_list_is_an_order(shop: Arc<Shop>) {
    for sort in ["newest", "price", "-price", "name", "rating", "relevance"] {
        let all = shop.client.get(&format!("/products?sort={sort}&limit=40")).await.expect(200).json();
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        for _ in 0..4 {
            let page =
                shop.client.get(&format!("/products?sort={sort}&limit=10{cursor}")).await.expect(200).json();
            paged.extend(page["products"].as_array().unwrap().clone());
            cursor = format!("&cursor={}", page["nextCursor"].as_str().unwrap());
        }
        let ids = |products: &[serde_json::Value]| {
            products.iter().map(|product| product["id"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&paged), ids(all["products"].as_array().unwrap()), "{sort}");
        let other = if sort == "name" { "price" } else { "name" };
        let foreign = shop.client.get(&format!("/products?sort={other}{cursor}")).await;
        foreign.problem(400, "invalid-parameter");
    }
    let cheap =
        shop.client.get("/products?sort=-price&maxPrice=10&inStock=true&limit=100").await.expect(200).json();
    assert!(
        cheap["products"]
            .as_array()
            .unwrap()
            .iter()
            .all(|product| { product["basePrice"].as_f64().unwrap() <= 10.0 && product["inStock"] == true })
    );
}

async fn a_search_finds_what_was_meant(shop: Arc<Shop>) {
    let find = async |query: &str| {
        let found = shop.client.get(&format!("/products?q={query}&limit=100")).await.expect(200).json();
        let names = found["products"]
            .as_array()
            .unwrap()
            .iter()
            .map(|product| product["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    for query in ["laptop", "laptops", "lapt", "LAP-AURORA-14-LAPTOP-001", "aurora"] {
        assert!(find(query).await.iter().any(|name| name == "Aurora 14 Laptop"), "{query}");
    }
    for hostile in
        ["'", "%22", "%25", "a:*", "%26%7C!", "((", "';drop+table+products;--", "-", "%F0%9F%8E%A1", "a%5C"]
    {
        find(hostile).await;
    }
}

async fn a_product_shows_its_variants_and_its_stock(shop: Arc<Shop>) {
    let laptop = shop.client.get("/products/1").await.expect(200).json();
    let variant = &laptop["variants"][0];
    let path = format!("/products/1/stock?variantId={}", variant["id"]);
    let stock = shop.client.get(&path).await.expect(200);
    assert_eq!(stock.header("cache-control"), "no-store");
    assert_eq!(stock.json()["quantity"], variant["stockQuantity"]);
    shop.client.get("/products/1/stock?variantId=999999").await.problem(404, "not-found");
    shop.client.get("/products/999999").await.problem(404, "not-found");
    let reviews = shop.client.get("/products/1/reviews?limit=1").await.expect(200).json();
    assert!(reviews["reviews"].as_array().unwrap().len() <= 1);
}

async fn an_unchanged_product_is_not_sent_again(shop: Arc<Shop>) {
    for path in ["/products/2", "/products?limit=3&category=books", "/products/categories"] {
        let first = shop.client.get(path).await.expect(200);
        let again = shop.client.call("GET", path).header("if-none-match", first.header("etag")).send().await;
        assert_eq!(again.status, 304, "{path}");
        assert!(again.headers.get("content-length").is_none() && again.bytes.is_empty());
        let other = shop.client.call("GET", path).header("if-none-match", "\"other\"").send().await;
        assert_eq!(other.status, 200, "{path}");
    }
}

async fn a_cart_line_is_set_and_removed(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    ada.add(3, 1).await.expect(200).json();
    ada.add(4, 1).await.expect(200).json();
    let set = ada
        .call("PUT", "/orders/cart/items/3")
        .json(&json!({ "quantity": 5 }))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(set["cart"]["itemCount"], 6);
    let gone = ada
        .call("PUT", "/orders/cart/items/3")
        .json(&json!({ "quantity": 0 }))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(gone["cart"]["itemCount"], 1);
    ada.call("DELETE", "/orders/cart/items/3").send().await.problem(404, "not-found");
    ada.call("DELETE", "/orders/cart/items/4").send().await.expect(200).json();
    ada.add(5, 99).await.expect(200).json();
    ada.add(5, 1).await.problem(422, "validation-failed");
    let empty = ada.call("DELETE", "/orders/cart").send().await.expect(200).json();
    assert_eq!(empty["cart"]["items"], json!([]));
    ada.add(999_999, 1).await.problem(404, "not-found");
}

async fn a_refresh_token_is_good_once_and_a_retry_gets_the_same_successor(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let refresh = async |token: &str| {
        let body = json!({ "refreshToken": token });
        shop.client.call("POST", "/users/token/refresh").json(&body).send().await
    };
    let first = refresh(&ada.refresh_token).await.expect(200).json();
    let retry = refresh(&ada.refresh_token).await.expect(200).json();
    assert_eq!(first["refreshToken"], retry["refreshToken"]);
    let second = refresh(first["refreshToken"].as_str().unwrap()).await.expect(200).json();
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    // Two steps behind, and so not a retry: another client has a copy, and the session ends.
    refresh(&ada.refresh_token).await.problem(401, "invalid-refresh-token");
    refresh(second["refreshToken"].as_str().unwrap()).await.problem(401, "invalid-refresh-token");
    ada.call("GET", "/users/me").send().await.problem(401, "invalid-token");
    refresh("garbage").await.problem(401, "invalid-refresh-token");
}

async fn a_logged_out_token_is_refused_at_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    assert_eq!(ada.call("GET", "/users/me").send().await.expect(200).json()["email"], ada.email);
    assert_eq!(ada.call("GET", "/users/verify-token").send().await.expect(200).json()["userId"], ada.id);
    ada.call("POST", "/users/logout").send().await.expect(204);
    for path in ["/users/me", "/users/verify-token", "/orders/cart", "/orders"] {
        ada.call("GET", path).send().await.problem(401, "invalid-token");
    }
    let body = json!({ "refreshToken": ada.refresh_token });
    let refresh = shop.client.call("POST", "/users/token/refresh").json(&body).send().await;
    refresh.problem(401, "invalid-refresh-token");
}

async fn orders_are_listed_newest_first_and_page_by_page(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let mut placed = Vec::new();
    for product in [6, 7, 8] {
        ada.add(product, 1).await.expect(200).json();
        placed.insert(0, ada.checkout().await.expect(201).json()["orderId"].clone());
    }
    let first = ada.call("GET", "/orders?limit=2").send().await.expect(200).json();
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = ada.call("GET", &format!("/orders?limit=2&cursor={cursor}")).send().await.expect(200).json();
    assert_eq!(second["nextCursor"], json!(null));
    let listed =
        [first["orders"].as_array().unwrap().clone(), second["orders"].as_array().unwrap().clone()].concat();
    assert_eq!(listed.iter().map(|order| order["orderId"].clone()).collect::<Vec<_>>(), placed);
    let shipped = ada.call("GET", "/orders?status=shipped").send().await.expect(200).json();
    assert_eq!(shipped["orders"], json!([]));
    ada.call("GET", "/orders?status=lost").wrong().send().await.problem(400, "invalid-parameter");
}
