//! Import of a catalog from a file.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use cartwheel_tests::shop::{SERVICE_TOKEN, products_db};
use cartwheel_tests::{Answer, Shop, Shopper};
use serde_json::{Value, json};

crate::tests![
    a_file_is_written_once_however_often_it_is_sent,
    a_dry_run_says_what_would_be_done_and_does_nothing,
    rows_that_are_wrong_are_named_and_the_others_are_written,
    ten_thousand_rows_are_one_request,
    what_is_exported_is_what_is_imported,
    what_is_no_file_of_products_is_refused,
    a_stock_that_comes_down_to_its_threshold_is_noted_once,
];

fn fresh(text: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{text}-{}-{}", NUMBER.fetch_add(1, Ordering::Relaxed), std::process::id()).to_uppercase()
}

async fn send(admin: &Shopper, query: &str, media: &str, file: &str) -> Answer {
    let call = admin.call("POST", &format!("/products/import{query}")).header("content-type", media);
    call.raw(file.to_owned()).send().await
}

fn counts(report: &Value) -> (i64, i64, i64) {
    let count = |name: &str| report[name].as_i64().unwrap();
    (count("created"), count("updated"), count("unchanged"))
}

async fn a_file_is_written_once_however_often_it_is_sent(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let sku = fresh("CSV");
    let file = |price: &str| {
        format!(
            "sku,name,category,basePrice,stockQuantity,status\n\
             {sku}-A,\"Imported, large\",books,{price},5,active\n{sku}-B,Imported small,books,1,0,draft\n"
        )
    };
    for expected in [(2, 0, 0), (0, 0, 2)] {
        let report = send(&admin, "", "text/csv", &file("9.90")).await.expect(200).json();
        assert_eq!((counts(&report), &report["errors"]), (expected, &json!([])));
    }
    let report = send(&admin, "", "text/csv", &file("9.95")).await.expect(200).json();
    assert_eq!(counts(&report), (0, 1, 1));
    // The same in the other form.
    let line = json!({ "sku": format!("{sku}-A"), "name": "Imported, large", "category": "books", "basePrice": "9.95" });
    let report = send(&admin, "", "application/x-ndjson", &line.to_string()).await.expect(200).json();
    assert_eq!(counts(&report), (0, 0, 1));
    let found = shop.client.get(&format!("/products?q={sku}-A")).await.expect(200).json();
    let found = &found["products"][0];
    assert_eq!((found["basePrice"].to_string(), &found["stockQuantity"]), ("9.95".to_owned(), &json!(5)));
    // Two at once are one.
    let file = format!("sku,name,category,basePrice\n{},Twice,books,1\n", fresh("TWICE"));
    let both = tokio::join!(send(&admin, "", "text/csv", &file), send(&admin, "", "text/csv", &file));
    let created = [both.0, both.1].into_iter().filter(|answer| answer.status == 200);
    let created: i64 = created.map(|answer| counts(&answer.json()).0).sum();
    assert_eq!(created, 1);
}

async fn a_dry_run_says_what_would_be_done_and_does_nothing(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let file = format!("sku,name,categoryId,basePrice\n{},Dry,1,1\n,,,\n", fresh("DRY"));
    for _ in 0..2 {
        let report = send(&admin, "?dryRun=true", "text/csv", &file).await.expect(200).json();
        assert_eq!(counts(&report), (1, 0, 0));
        assert_eq!(report["errors"][0]["row"], 2);
    }
    assert_eq!(counts(&send(&admin, "", "text/csv", &file).await.expect(200).json()), (1, 0, 0));
}

async fn rows_that_are_wrong_are_named_and_the_others_are_written(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let sku = fresh("ROWS");
    let file = format!(
        "{{\"sku\":\"{sku}\",\"name\":\"Good\",\"category\":\"books\",\"basePrice\":1}}\n\
         {{\"sku\":\"{sku}-2\",\"name\":\"Nowhere\",\"category\":\"no-such-thing\",\"basePrice\":1}}\n\
         {{\"sku\":\"{sku}\",\"name\":\"Twice\",\"category\":\"books\",\"basePrice\":1}}\n\
         {{\"sku\":\"'; drop table products\",\"name\":\"\",\"category\":\"books\",\"basePrice\":-1,\"id\":7}}\n\
         nonsense\n"
    );
    let report = send(&admin, "", "application/x-ndjson", &file).await.expect(200).json();
    assert_eq!(counts(&report), (1, 0, 0));
    let errors: Vec<_> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["row"].as_i64().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (2, "not-found"),
        (3, "duplicate-sku"),
        (4, "wrong-length"),
        (4, "invalid"),
        (4, "out-of-range"),
        (4, "unknown-field"),
        (5, "malformed"),
    ];
    assert_eq!(errors, expected);
}

async fn ten_thousand_rows_are_one_request(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let sku = fresh("MANY");
    // Drafts, so that they fill no other test's lists.
    let mut file = String::from("sku,name,category,basePrice,stockQuantity,description\n");
    let filling = "x".repeat(300);
    for row in 0..10_000 {
        writeln!(file, "{sku}-{row},Imported product {row},books,{}.99,{row},{filling}", row % 500).unwrap();
    }
    assert!((3 << 20..4 << 20).contains(&file.len()), "{}", file.len());
    for expected in [(10_000, 0, 0), (0, 0, 10_000)] {
        let started = Instant::now();
        let report = send(&admin, "", "text/csv", &file).await.expect(200).json();
        assert_eq!((counts(&report), &report["errors"]), (expected, &json!([])));
        println!("{expected:?} rows after {:?}", started.elapsed());
    }
    file.push_str(&format!("{sku}-LAST,One too many,books,1,1,\n"));
    send(&admin, "", "text/csv", &file).await.problem(422, "unreadable-import");
    let ledger = shop.client.call("GET", "/internal/products/ledger/check").bearer(SERVICE_TOKEN);
    assert_eq!(ledger.send().await.expect(200).json(), json!({ "differences": [] }));
}

async fn what_is_exported_is_what_is_imported(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    for (format, media) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
        let (mut parts, mut cursor) = (0, String::new());
        loop {
            let path = format!("/products/export?format={format}{cursor}");
            let part = admin.call("GET", &path).send().await.expect(200);
            assert_eq!(part.header("content-type"), media);
            let header = "sku,name,description,category,basePrice,stockQuantity,lowStockThreshold,status\n";
            let text = match (format, parts) {
                ("csv", 1..) => format!("{header}{}", part.text()),
                _ => part.text().to_owned(),
            };
            // Other tests change things meanwhile: a dry run says that nearly all of it is as it was.
            let report = send(&admin, "?dryRun=true", media, &text).await.expect(200).json();
            let (created, _, unchanged) = counts(&report);
            assert_eq!((created, &report["errors"]), (0, &json!([])));
            assert!(unchanged > 0, "{report}");
            parts += 1;
            match part.header("x-next-cursor") {
                "" => break,
                next => cursor = format!("&cursor={next}"),
            }
        }
    }
    admin.call("GET", "/products/export?format=xml").wrong().send().await.problem(400, "invalid-parameter");
    let ada = shop.client.shopper().await;
    ada.call("GET", "/products/export").send().await.problem(403, "admin-only");
}

async fn what_is_no_file_of_products_is_refused(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let refuse = async |media: &str, file: &str, status: u16, code: &str| {
        let call = admin.call("POST", "/products/import").header("content-type", media).wrong();
        call.raw(file.to_owned()).send().await.problem(status, code);
    };
    refuse("application/json", "[]", 415, "unsupported-media-type").await;
    refuse("text/csv", "a,b\n1,2\n", 422, "unreadable-import").await;
    let head = format!("content-type: text/csv\r\nauthorization: Bearer {}\r\n", admin.token);
    assert_eq!(shop.client.announce("/products/import", &head, 4 * 1024 * 1024 + 1).await, 413);
    send(&admin, "?dryRun=perhaps", "text/csv", "").await.problem(400, "invalid-parameter");
    let ada = shop.client.shopper().await;
    send(&ada, "", "text/csv", "sku").await.problem(403, "admin-only");
}

async fn a_stock_that_comes_down_to_its_threshold_is_noted_once(shop: Arc<Shop>) {
    let (admin, ada) = (shop.admin().await, shop.client.shopper().await);
    let product = json!({
        "name": "Scarce", "sku": fresh("SCARCE"), "categoryId": 1, "basePrice": 1, "stockQuantity": 12,
        "lowStockThreshold": 10, "status": "active",
    });
    let made = admin.call("POST", "/products").json(&product).send().await.expect(201).json();
    let id = made["id"].as_i64().unwrap();
    let db = products_db().await;
    let events = async || {
        let sql = "select stock_quantity from stock_events where product_id = $1 order by id";
        let rows = db.query(sql, &[&id]).await.unwrap();
        rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>()
    };
    // 12 to 11, to 9, to 8: it crosses the threshold once.
    for (quantity, expected) in [(1, vec![]), (2, vec![9]), (1, vec![9])] {
        ada.add(id, quantity).await.expect(200);
        ada.checkout().await.expect(201);
        assert_eq!(events().await, expected);
    }
    let path = format!("/products/{id}/stock/movements");
    for (units, expected) in [(5, vec![9]), (-3, vec![9, 10])] {
        let movement = json!({ "quantityChange": units, "movementType": "adjustment" });
        admin.call("POST", &path).json(&movement).send().await.expect(201);
        assert_eq!(events().await, expected);
    }
}
