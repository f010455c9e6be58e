use capability::scripted::Scripted;
use kernel::Timestamp;
use web::Body;

use crate::{App, Config};

const PRODUCTS: &str = r#"{"next": ["12.50", 7], "items": [{"id": 7}]}"#;

fn app(rows: &[&str]) -> App<Scripted> {
    let key = format!("k:{}", "A".repeat(43));
    let variables = Config::KEYS.concat().into_iter().map(|name| match name {
        "call_timeout_ms" | "catalog_cache_ms" => (name, "1000"),
        "token_verification_keys" => (name, key.as_str()),
        _ => (name, "x"),
    });
    let settings = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (config, _) = Config::read(settings).unwrap();
    let host = rows.iter().fold(Scripted::at(Timestamp::default()), |host, row| {
        host.database_answers(Ok(Some((*row).to_owned())))
    });
    App::new(host, config)
}

/// Returns the status and the body.
async fn send(app: &App<Scripted>, method: &str, path: &str) -> (u16, String) {
    let request = http::Request::builder().method(method).uri(path).header("authorization", "Bearer x");
    read(app, request.body(Body::empty()).unwrap()).await
}

async fn get(app: &App<Scripted>, path: &str) -> (u16, String) {
    read(app, http::Request::get(path).body(Body::empty()).unwrap()).await
}

async fn read(app: &App<Scripted>, request: http::Request<Body>) -> (u16, String) {
    let response = web::serve(app, request, |_| None).await.response;
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

fn next_cursor(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["nextCursor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cursor_is_valid_for_its_list_filter_and_order_only() {
    let app = app(&[PRODUCTS, PRODUCTS]);
    let (status, body) = get(&app, "/products?sort=price&minPrice=1").await;
    assert_eq!(status, 200, "{body}");
    let cursor = next_cursor(&body);
    for path in [
        "/products?sort=-price&minPrice=1",
        "/products?sort=price&minPrice=2",
        "/products?sort=price",
        "/products/7/reviews?",
    ] {
        assert_eq!(get(&app, &format!("{path}&cursor={cursor}")).await.0, 400, "{path}");
    }
    assert_eq!(
        get(&app, &format!("/products?sort=price&minPrice=1.00&limit=5&cursor={cursor}")).await.0,
        200
    );
}

#[tokio::test]
async fn a_list_passes_the_items_of_the_database_on_unchanged() {
    let (status, body) = get(&app(&[r#"{"next": null, "items": [{"price": 1.50}]}"#]), "/products").await;
    assert_eq!((status, body.as_str()), (200, r#"{"products":[{"price": 1.50}],"nextCursor":null}"#));
}

#[tokio::test]
async fn a_search_without_a_match_is_corrected() {
    let empty = r#"{"next": null, "items": []}"#;
    let app = app(&[empty, "lamp", PRODUCTS, r#"{"price":{}}"#]);
    let (status, body) = get(&app, "/products?q=lmap&facets=true").await;
    assert_eq!(status, 200);
    assert!(body.ends_with(r#","correctedQuery":"lamp","facets":{"price":{}}}"#), "{body}");
    let statements =
        ["list_products_by_relevance", "correct_query", "list_products_by_relevance", "list_facets"];
    assert_eq!(app.host.calls(), statements);
}

#[tokio::test]
async fn a_write_clears_the_cache_and_a_token_bypasses_it() {
    let app = app(&["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]);
    for _ in 0..3 {
        assert_eq!(get(&app, "/products/categories").await.1, "{\"a\":1}");
    }
    assert_eq!(send(&app, "GET", "/products/categories").await.1, "{\"a\":2}");
    assert_eq!(send(&app, "DELETE", "/products/1").await.0, 401);
    assert_eq!(get(&app, "/products/categories").await.1, "{\"a\":3}");
}

#[tokio::test]
async fn the_routes_of_the_orders_service_require_the_service_token() {
    let app = app(&[r#"{"differences":[]}"#]);
    assert_eq!(get(&app, "/internal/products/ledger/check").await.0, 401);
    assert_eq!(send(&app, "GET", "/internal/products/ledger/check").await.0, 200);
}
