//! The products service as this one uses it: prices, and stock by order id.

use bytes::Bytes;
use capability::{Http, HttpError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response};
use kernel::{Currency, Limit, Money, OrderId, ProductId, Quantity, VariantId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use web::Problem;

use crate::Config;
use crate::cart::Item;

/// How long stock is held for a checkout, in seconds: far longer than a checkout takes, soon enough for the next shopper.
const HOLD_S: i64 = 15 * 60;

/// What some things cost now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quote {
    /// Of all prices.
    pub currency: Currency,
    /// What the shop sells of what was asked for.
    pub lines: Vec<QuoteLine>,
}

/// What one thing costs now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteLine {
    // Not a flattened Item: serde cannot, with numbers of arbitrary precision.
    /// The product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: Option<VariantId>,
    /// What it is called.
    pub product_name: String,
    /// What one costs.
    pub price: Money,
    /// How many there are.
    pub available: i64,
}

impl Quote {
    /// Nothing was asked for.
    #[must_use]
    pub fn empty() -> Self {
        Self { currency: Currency::default(), lines: Vec::new() }
    }

    /// The line of this thing.
    #[must_use]
    pub fn find(&self, item: Item) -> Option<&QuoteLine> {
        self.lines
            .iter()
            .find(|line| (line.product_id, line.variant_id) == (item.product_id, item.variant_id))
    }
}

/// Stock that is taken for an order, at the prices it was taken at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Of all prices.
    pub currency: Currency,
    /// The sum of the lines.
    pub total_amount: Money,
    /// What was taken.
    pub lines: Vec<ReservedLine>,
}

/// A line of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as the line of an order")]
pub struct ReservedLine {
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
    pub product_name: String,
    pub sku: String,
    pub quantity: Quantity,
    pub price: Money,
    pub line_total: Money,
}

/// What is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedLine {
    /// The product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: Option<VariantId>,
    /// How many.
    pub quantity: Quantity,
}

/// Why nothing was reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// There is too little.
    #[error("there is too little of some lines")]
    Short(Value),
    /// A newer version of the cart has a reservation, or it became an order.
    #[error("the cart has changed")]
    Superseded,
    /// The reservation of this order was given back for good.
    #[error("the reservation was released")]
    Released,
    /// The products service did not answer, or not as it should. It may have reserved.
    #[error("the products service: {0}")]
    Unavailable(String),
}

/// The products service failed, with a message for the log. What was asked for may have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the products service: {0}")]
pub struct CatalogError(String);

impl From<HttpError> for CatalogError {
    fn from(error: HttpError) -> Self {
        Self(error.to_string())
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        Problem::unavailable("the products service", error.0)
    }
}

/// The products service.
#[derive(Debug)]
pub struct Catalog<'a, H> {
    host: &'a H,
    config: &'a Config,
    trace: &'a HeaderMap,
}

impl<'a, H: Http> Catalog<'a, H> {
    /// The products service, asked on behalf of a request.
    pub fn new(host: &'a H, config: &'a Config, trace: &'a HeaderMap) -> Self {
        Self { host, config, trace }
    }

    /// What these things cost now.
    ///
    /// # Errors
    /// [`CatalogError`]
    pub async fn quote(&self, items: &[Item]) -> Result<Quote, CatalogError> {
        if items.is_empty() {
            return Ok(Quote::empty());
        }
        let response = self.call(Method::POST, "prices", Some(&json!({ "lines": items }))).await?;
        read(&response)
    }

    /// Takes stock for an order, or finds what was taken for it already. `revision` is the cart's update time in
    /// microseconds: a newer cart replaces what an older one had taken.
    ///
    /// # Errors
    /// [`ReserveError`]
    pub async fn reserve(
        &self,
        order: &OrderId,
        revision: i64,
        lines: &[WantedLine],
    ) -> Result<Reservation, ReserveError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Refusal {
            code: String,
            #[serde(default)]
            short_lines: Value,
        }
        let body = json!({ "orderId": order, "revision": revision, "lines": lines, "ttlSeconds": HOLD_S });
        let unavailable = |error: CatalogError| ReserveError::Unavailable(error.0);
        let response = self.call(Method::POST, "reservations", Some(&body)).await.map_err(unavailable)?;
        if response.status().as_u16() != 409 {
            return read(&response).map_err(unavailable);
        }
        let refusal: Refusal = serde_json::from_slice(response.body())
            .map_err(|error| ReserveError::Unavailable(format!("its refusal cannot be read: {error}")))?;
        Err(match refusal.code.as_str() {
            "insufficient-stock" => ReserveError::Short(refusal.short_lines),
            "reservation-superseded" => ReserveError::Superseded,
            "reservation-released" => ReserveError::Released,
            code => ReserveError::Unavailable(format!("it refused with {code}")),
        })
    }

    /// Keeps an order's stock for good.
    ///
    /// # Errors
    /// [`CatalogError`]
    pub async fn confirm(&self, order: &OrderId) -> Result<(), CatalogError> {
        let response = self.call(Method::POST, &format!("reservations/{order}/confirm"), None).await?;
        read::<Value>(&response).map(|_| ())
    }

    /// Gives an order's stock back. An order without a reservation has none to give.
    ///
    /// # Errors
    /// [`CatalogError`]
    pub async fn release(&self, order: &OrderId) -> Result<(), CatalogError> {
        let response = self.call(Method::POST, &format!("reservations/{order}/release"), None).await?;
        if response.status().as_u16() == 404 { Ok(()) } else { read::<Value>(&response).map(|_| ()) }
    }

    /// The orders whose stock is still held although its time is over, the oldest first.
    ///
    /// # Errors
    /// [`CatalogError`]
    pub async fn overdue(&self, limit: Limit) -> Result<Vec<OrderId>, CatalogError> {
        #[derive(Deserialize)]
        struct Overdue {
            reservations: Vec<Held>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Held {
            order_id: OrderId,
        }
        let path = format!("reservations?state=held&expired=true&limit={}", limit.get());
        let overdue: Overdue = read(&self.call(Method::GET, &path, None).await?)?;
        Ok(overdue.reservations.into_iter().map(|held| held.order_id).collect())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, CatalogError> {
        let mut request = Request::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())));
        *request.method_mut() = method;
        let address = format!("{}/internal/products/{path}", self.config.products_url);
        *request.uri_mut() =
            address.parse().map_err(|error| CatalogError(format!("products_url: {error}")))?;
        request.headers_mut().clone_from(self.trace);
        let bearer = HeaderValue::try_from(format!("Bearer {}", self.config.service_token));
        request.headers_mut().insert(AUTHORIZATION, bearer.map_err(|error| CatalogError(error.to_string()))?);
        if body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(self.host.send(request).await?)
    }
}

fn read<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, CatalogError> {
    if !response.status().is_success() {
        return Err(CatalogError(format!("it answered {}", response.status())));
    }
    serde_json::from_slice(response.body())
        .map_err(|error| CatalogError(format!("its answer cannot be read: {error}")))
}
