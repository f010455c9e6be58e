//! The stock behind the shop's back: how much there is, who holds it, and whether the books are right.

use serde_json::{Value, json};

use crate::shop::{SERVICE_TOKEN, products_db};
use crate::{Answer, Shop};

impl Shop {
    /// Asks what only the services may ask.
    pub async fn internal(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let call = self.client.call(method, path).bearer(SERVICE_TOKEN);
        match body {
            Some(body) => call.json(&body).send().await,
            None => call.send().await,
        }
    }

    /// How many units of a product there are.
    pub async fn stock(&self, product: i64) -> i64 {
        let stock = self.client.get(&format!("/products/{product}/stock")).await.expect(200).json();
        stock["quantity"].as_i64().unwrap()
    }

    /// Fails unless every stock is the sum of its movements.
    pub async fn check_ledger(&self) {
        let ledger = self.internal("GET", "/internal/products/ledger/check", None).await.expect(200).json();
        assert_eq!(ledger, json!({ "differences": [] }));
    }

    /// Leaves so many units of a product, by reserving the others for an order that never comes.
    pub async fn leave(&self, product: i64, units: i64, order: &str) {
        let mut part = 0;
        while self.stock(product).await > units {
            let taken = (self.stock(product).await - units).min(99);
            let order = format!("ORD-{order}-0000-0000-{part:04}");
            let body = json!({ "orderId": order, "lines": [{ "productId": product, "quantity": taken }], "ttlSeconds": 86400 });
            self.internal("POST", "/internal/products/reservations", Some(body)).await.expect(201);
            part += 1;
        }
    }

    /// What became of the stock of an order: `held`, `confirmed`, `released`, or nothing.
    pub async fn reservation(&self, order: &str) -> Option<String> {
        let answer = self.internal("GET", &format!("/internal/products/reservations/{order}"), None).await;
        (answer.status != 404).then(|| answer.expect(200).json()["state"].as_str().unwrap().to_owned())
    }

    /// Lets the time of everything be over that is held for a cart, as if a quarter of an hour had passed.
    pub async fn let_time_pass(&self, product: i64) {
        let sql = "update stock_reservations r set expires_at = now() - interval '1 second' where state = 'held'
            and exists (select from stock_reservation_lines l where l.order_id = r.order_id and l.product_id = $1)";
        products_db().await.execute(sql, &[&product]).await.unwrap();
    }

    /// What the job does that runs every minute.
    pub async fn reconcile(&self) -> Value {
        self.internal("POST", "/internal/orders/reconcile", None).await.expect(200).json()
    }
}
