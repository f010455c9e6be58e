//! The security checklist, lines 23 to 28: who may do what, to what.

use std::collections::BTreeSet;
use std::sync::Arc;

use api_description::OpenApi;
use cartwheel_tests::shop::SERVICE_TOKEN;
use cartwheel_tests::{Answer, Shop, Shopper};
use serde_json::{Value, json};

crate::tests![
    another_users_resource_is_answered_like_a_missing_one,
    a_list_has_nothing_of_anothers_whatever_its_cursor_says,
    an_admins_route_is_for_admins_however_it_is_spelled,
    a_field_that_is_not_a_clients_to_set_is_refused_on_every_route,
    an_account_has_no_more_fields_than_its_reader_may_see,
    a_change_of_role_counts_at_once_whatever_the_token_says,
    internal_routes_are_for_services_and_identity_is_nobodys_to_claim,
];

/// The resources of one user.
struct Belonging {
    /// As the description has it.
    pattern: &'static str,
    /// The path of theirs.
    theirs: String,
    /// The path of one that does not exist.
    missing: String,
}

async fn belongings(owner: &Shopper) -> Vec<Belonging> {
    let address =
        json!({ "addressType": "shipping", "streetAddress": "1 Way", "city": "Bath", "country": "GB" });
    let address = owner.call("POST", "/users/me/addresses").json(&address).send().await.expect(201).json();
    let sessions = owner.call("GET", "/users/me/sessions").send().await.expect(200).json();
    owner.add(2, 1).await.expect(200);
    let order = owner.checkout().await.expect(201).json();
    let order = order["orderId"].as_str().unwrap();
    // Of another product each time: there is one review of each.
    let written = owner.call("GET", "/users/me/export").send().await.expect(200).json();
    let product = 20 + written["addresses"].as_array().unwrap().len();
    let review = owner.call("POST", &format!("/products/{product}/reviews")).json(&json!({ "rating": 4 }));
    let review = review.send().await.expect(201).json();
    let belonging = |pattern: &'static str, theirs: &str, missing: &str| {
        let path = |id: &str| {
            let path = pattern.replace("{orderId}", id).replace("{reviewId}", id);
            path.replace("{id}", if pattern.contains("{reviewId}") { "21" } else { id })
        };
        Belonging { pattern, theirs: path(theirs), missing: path(missing) }
    };
    vec![
        belonging("/users/me/addresses/{id}", &address["id"].to_string(), "999999999"),
        belonging("/users/me/sessions/{id}", &sessions["sessions"][0]["id"].to_string(), "999999999"),
        belonging("/products/{id}/reviews/{reviewId}", &review["id"].to_string(), "999999999"),
        belonging("/orders/{orderId}", order, "ORD-0000-0000-0000-0000"),
        belonging("/orders/{orderId}/cancel", order, "ORD-0000-0000-0000-0000"),
    ]
}

async fn another_users_resource_is_answered_like_a_missing_one(shop: Arc<Shop>) {
    let (ada, bob) = (shop.client.shopper().await, shop.client.shopper().await);
    let belongings = belongings(&ada).await;
    let covered: BTreeSet<&str> = belongings.iter().map(|belonging| belonging.pattern).collect();
    let mut tried = BTreeSet::new();
    for operation in OpenApi::get().operations().filter(|operation| operation.needs_login()) {
        // A product has no owner, and admin routes have a test of their own.
        let is_of_a_product =
            ["/orders/cart/items/{productId}", "/products/{id}/reviews"].contains(&operation.path);
        if !operation.path.contains('{') || operation.needs_admin() || is_of_a_product {
            continue;
        }
        let belonging = belongings.iter().find(|belonging| belonging.pattern == operation.path);
        let belonging =
            belonging.unwrap_or_else(|| panic!("{} has an id and is not in this test", operation.path));
        let send = async |path: &str| -> Answer {
            let call = bob.call(&operation.method, path).header("x-request-id", "r");
            match operation.example_body() {
                Some(body) => call.json(&body).send().await,
                None => call.send().await,
            }
        };
        let (theirs, nothing) = (send(&belonging.theirs).await, send(&belonging.missing).await);
        assert_eq!(theirs.status, 404, "{} {}", operation.method, belonging.theirs);
        assert_eq!((theirs.status, theirs.text()), (nothing.status, nothing.text()), "{}", belonging.pattern);
        tried.insert(belonging.pattern);
    }
    assert_eq!(tried, covered);
    // And nothing has happened to it.
    for belonging in &belongings {
        if ["/users/me/addresses/{id}", "/orders/{orderId}"].contains(&belonging.pattern) {
            ada.call("GET", &belonging.theirs).send().await.expect(200);
        }
    }
    // Each has a cart of their own, whatever is in its path.
    bob.call("DELETE", "/orders/cart/items/2").send().await.problem(404, "not-found");
}

async fn a_list_has_nothing_of_anothers_whatever_its_cursor_says(shop: Arc<Shop>) {
    let (ada, bob) = (shop.client.shopper().await, shop.client.shopper().await);
    for _ in 0..2 {
        belongings(&ada).await;
        shop.client.log_in(&ada.email, "correct horse").await;
    }
    for (path, list) in
        [("/users/me/addresses", "addresses"), ("/users/me/sessions", "sessions"), ("/orders", "orders")]
    {
        let hers = ada.call("GET", &format!("{path}?limit=1")).send().await.expect(200).json();
        let cursor = hers["nextCursor"].as_str().unwrap();
        for query in [format!("cursor={cursor}"), format!("userId={}", ada.id), format!("user={}", ada.email)]
        {
            let his = bob.call("GET", &format!("{path}?{query}")).send().await.expect(200).json();
            for item in his[list].as_array().unwrap() {
                assert!(list == "sessions" && item["current"] == true, "{path}?{query}: {item}");
            }
        }
    }
    let his = bob.call("GET", "/users/me/export").send().await.expect(200);
    assert!(!his.text().contains(&ada.email));
}

async fn an_admins_route_is_for_admins_however_it_is_spelled(shop: Arc<Shop>) {
    let (ada, admin) = (shop.client.shopper().await, shop.admin().await);
    let bob = shop.client.shopper().await;
    let mut routes = 0;
    for operation in OpenApi::get().operations().filter(|operation| operation.needs_admin()) {
        routes += 1;
        // Catalog ids that do not exist: an example must not change what other tests read.
        let id = if operation.path.starts_with("/users") { bob.id } else { 999_999_999 };
        let path = operation.path.replace("{id}", &id.to_string()).replace("{variantId}", "1");
        let path = path.replace("{slug}", "not-a-category").replace("{orderId}", "ORD-0000-0000-0000-0000");
        let path = path.replace("{eventId}", "ORD-0000-0000-0000-0000-1");
        let send = async |method: &str, path: &str, token: Option<&str>, header: (&str, &str)| -> u16 {
            let mut call = shop.client.call(method, path).header(header.0, header.1).wrong();
            if let Some(token) = token {
                call = call.bearer(token);
            }
            if let (Some(body), true) = (operation.example_body(), method == operation.method) {
                call = call.json(&body);
            }
            call.send().await.status
        };
        let plain = ("x-plain", "1");
        let (method, context) = (operation.method.as_str(), format!("{} {path}", operation.method));
        assert_eq!(send(method, &path, None, plain).await, 401, "{context}");
        assert_eq!(send(method, &path, Some(SERVICE_TOKEN), plain).await, 401, "{context}");
        assert_eq!(send(method, &path, Some(&ada.token), plain).await, 403, "{context}");
        let spellings = [
            format!("{path}/"),
            format!("/{path}"),
            path.to_uppercase(),
            path.replacen('s', "%73", 1),
            path.replacen('u', "%75", 1),
            format!("/./{}", &path[1..]),
            format!("/%2e{path}"),
            format!("/orders/..{path}"),
            format!("/orders/%2e%2e{path}"),
            format!("{path};a=b"),
            format!("{path}%00"),
            format!("{path}?admin=true"),
            format!("{path}.json"),
            format!("{path}%20"),
        ];
        for spelling in &spellings {
            let status = send(method, spelling, Some(&ada.token), plain).await;
            assert!((400..500).contains(&status), "{method} {spelling}: {status}");
        }
        for header in [
            ("x-http-method-override", method),
            ("x-original-url", &path),
            ("x-rewrite-url", &path),
            ("x-user-role", "admin"),
            ("x-user-id", "1"),
            ("x-forwarded-for", "127.0.0.1"),
        ] {
            let status = send(method, &path, Some(&ada.token), header).await;
            assert_eq!(status, 403, "{method} {path} with {header:?}");
            // Another method with its name in a header stays what it is.
            let status = send("OPTIONS", &path, Some(&ada.token), header).await;
            assert_eq!(status, 204, "OPTIONS {path} with {header:?}");
        }
        let status = send(method, &path, Some(&admin.token), plain).await;
        assert!(![401, 403].contains(&status), "{context} for an admin: {status}");
    }
    assert!(routes >= 15, "{routes}");
    let known = ada.call("GET", "/users/verify-token").send().await.expect(200).json();
    assert_eq!(known["role"], "customer", "still, whatever was tried");
}

async fn a_field_that_is_not_a_clients_to_set_is_refused_on_every_route(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let extra = [
        ("id", json!(1)),
        ("role", json!("admin")),
        ("user_id", json!(1)),
        ("userId", json!(1)),
        ("isAdmin", json!(true)),
        ("price", json!(1)),
        ("total", json!(1)),
        ("status", json!("shipped")),
        ("stock", json!(9)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("emailVerified", json!(true)),
        ("__proto__", json!({ "role": "admin" })),
    ];
    let mut routes = 0;
    for operation in OpenApi::get().operations().filter(|operation| operation.has_body()) {
        routes += 1;
        let mut body = operation.example_body().unwrap();
        let known = operation.body_fields();
        let mut expected = Vec::new();
        for (name, value) in extra.iter().filter(|(name, _)| !known.contains(*name)) {
            body[*name] = value.clone();
            expected.push(*name);
        }
        let token = if operation.needs_service() { SERVICE_TOKEN } else { &admin.token };
        let path = operation.example_path();
        let call = shop.client.call(&operation.method, &path).bearer(token).json(&body).wrong();
        let refused = call.send().await.problem(422, "validation-failed");
        let mut unknown: Vec<_> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|error| error["code"] == "unknown-field")
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        expected.sort_unstable();
        unknown.sort_unstable();
        assert_eq!(unknown, expected, "{} {path}", operation.method);
    }
    assert!(routes >= 15, "{routes}");
}

async fn an_account_has_no_more_fields_than_its_reader_may_see(shop: Arc<Shop>) {
    let (ada, admin) = (shop.client.shopper().await, shop.admin().await);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let own = set(&["id", "email", "emailVerified", "fullName", "role", "createdAt"]);
    assert_eq!(names(&ada.call("GET", "/users/me").send().await.json()), own);
    let tokens = shop.client.refresh(&ada.refresh_token).await.expect(200).json();
    assert_eq!(names(&tokens), set(&["token", "refreshToken", "expiresIn", "user"]));
    assert_eq!(names(&tokens["user"]), own);
    let known = ada.call("GET", "/users/verify-token").send().await.json();
    assert_eq!(names(&known), set(&["userId", "email", "fullName", "role", "sessionId", "expiresAt"]));
    let mut administered = own.clone();
    administered.extend(set(&["disabled", "disabledAt"]));
    assert_eq!(names(&admin.call("GET", &format!("/users/{}", ada.id)).send().await.json()), administered);
    let sessions = ada.call("GET", "/users/me/sessions").send().await.json();
    let session = set(&["id", "current", "userAgent", "ip", "createdAt", "lastUsedAt", "expiresAt"]);
    assert_eq!(names(&sessions["sessions"][0]), session);
}

async fn a_change_of_role_counts_at_once_whatever_the_token_says(shop: Arc<Shop>) {
    let (ada, admin) = (shop.client.shopper().await, shop.admin().await);
    let path = format!("/users/{}", ada.id);
    let set = async |role: &str| {
        admin.call("PATCH", &path).json(&json!({ "role": role })).send().await.expect(200);
        ada.call("GET", "/users/verify-token").send().await.expect(200).json()["role"].clone()
    };
    ada.call("GET", "/users").send().await.problem(403, "admin-only");
    assert_eq!(set("admin").await, "admin");
    ada.call("GET", "/users").send().await.expect(200);
    assert_eq!(set("customer").await, "customer");
    ada.call("GET", "/users").send().await.problem(403, "admin-only");
}

async fn internal_routes_are_for_services_and_identity_is_nobodys_to_claim(shop: Arc<Shop>) {
    let (ada, admin) = (shop.client.shopper().await, shop.admin().await);
    let mut routes = 0;
    for operation in OpenApi::get().operations().filter(|operation| operation.needs_service()) {
        routes += 1;
        let path = operation.example_path();
        let call = || {
            let call = shop.client.call(&operation.method, &path).wrong();
            match operation.example_body() {
                Some(body) => call.json(&body),
                None => call,
            }
        };
        call().send().await.problem(401, "missing-token");
        for token in [&ada.token, &admin.token, ""] {
            call()
                .header("authorization", &format!("Bearer {token}"))
                .send()
                .await
                .problem(401, "invalid-token");
        }
    }
    assert!(routes >= 9, "{routes}");
    // Identity comes from the token, never from a header.
    let claimed = ada.call("GET", "/users/me").header("x-user-id", &admin.id.to_string());
    let claimed = claimed.header("x-user-role", "admin").header("x-forwarded-user", &admin.email);
    assert_eq!(claimed.send().await.expect(200).json()["id"], ada.id);
    // The service token is no user: it opens no route of a shopper.
    for path in ["/users/me", "/orders/cart", "/users"] {
        shop.client.call("GET", path).bearer(SERVICE_TOKEN).send().await.problem(401, "invalid-token");
    }
}
