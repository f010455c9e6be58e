//! The internal API of the products service: prices, and reservations by order id.

use bytes::Bytes;
use capability::TraceContext;
use capability::{Http, HttpError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response};
use kernel::{Limit, OrderId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Config;
use crate::domain::item::Item;
use crate::domain::limits::HOLD_S;
use crate::domain::quote::Quote;
use crate::domain::reservation::{RequestedLine, Reservation};

/// Why no stock was reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReserveError {
    #[error("insufficient stock")]
    InsufficientStock { short_lines: Value },
    /// A newer revision of the cart has the reservation, or the reservation is confirmed.
    #[error("the cart has changed")]
    Superseded,
    /// The reservation of this order was released, which is final.
    #[error("the reservation was released")]
    Released,
    /// No usable response. The stock may be reserved.
    #[error(transparent)]
    Failed(#[from] ProductsError),
}

/// No usable response. The request may have taken effect. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the products service: {0}")]
pub(crate) struct ProductsError(pub(crate) String);

impl From<HttpError> for ProductsError {
    fn from(error: HttpError) -> Self {
        Self(error.to_string())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rejection {
    code: String,
    #[serde(default)]
    short_lines: Value,
}

impl Rejection {
    fn into_error(self) -> ReserveError {
        match self.code.as_str() {
            "insufficient-stock" => ReserveError::InsufficientStock { short_lines: self.short_lines },
            "reservation-superseded" => ReserveError::Superseded,
            "reservation-released" => ReserveError::Released,
            code => ReserveError::Failed(ProductsError(format!("it refused with {code}"))),
        }
    }
}

/// The products service, called on behalf of one request.
#[derive(Debug)]
pub(crate) struct ProductsClient<'a, H> {
    pub(crate) host: &'a H,
    pub(crate) config: &'a Config,
    pub(crate) trace: TraceContext,
}

impl<H: Http> ProductsClient<'_, H> {
    /// Returns the current prices and stock of items.
    pub(crate) async fn quote(&self, items: &[Item]) -> Result<Quote, ProductsError> {
        if items.is_empty() {
            return Ok(Quote::empty());
        }
        let response = self.call(Method::POST, "prices", Some(&json!({ "lines": items }))).await?;
        read(&response)
    }

    /// Reserves stock for an order, or returns the reservation that the order already has. `revision` is the update time of
    /// the cart in microseconds: the reservation of a newer revision replaces that of an older one.
    pub(crate) async fn reserve(
        &self,
        order: &OrderId,
        revision: i64,
        lines: &[RequestedLine],
    ) -> Result<Reservation, ReserveError> {
        let body = json!({ "orderId": order, "revision": revision, "lines": lines, "ttlSeconds": HOLD_S });
        let response = self.call(Method::POST, "reservations", Some(&body)).await?;
        if response.status().as_u16() != 409 {
            return Ok(read(&response)?);
        }
        let rejection: Rejection = serde_json::from_slice(response.body())
            .map_err(|error| ProductsError(format!("its refusal cannot be read: {error}")))?;
        Err(rejection.into_error())
    }

    /// Confirms the reservation of an order: its stock is sold. Idempotent.
    pub(crate) async fn confirm(&self, order: &OrderId) -> Result<(), ProductsError> {
        let response = self.call(Method::POST, &format!("reservations/{order}/confirm"), None).await?;
        read::<Value>(&response).map(|_| ())
    }

    /// Releases the reservation of an order, if there is one. Idempotent.
    pub(crate) async fn release(&self, order: &OrderId) -> Result<(), ProductsError> {
        let response = self.call(Method::POST, &format!("reservations/{order}/release"), None).await?;
        if response.status().as_u16() == 404 { Ok(()) } else { read::<Value>(&response).map(|_| ()) }
    }

    /// Returns the orders whose reservations are held and expired, the oldest first.
    pub(crate) async fn expired_reservations(&self, limit: Limit) -> Result<Vec<OrderId>, ProductsError> {
        #[derive(Deserialize)]
        struct Expired {
            reservations: Vec<HeldReservation>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct HeldReservation {
            order_id: OrderId,
        }
        let path = format!("reservations?state=held&expired=true&limit={}", limit.get());
        let expired: Expired = read(&self.call(Method::GET, &path, None).await?)?;
        Ok(expired.reservations.into_iter().map(|held| held.order_id).collect())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, ProductsError> {
        let mut request = Request::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())));
        *request.method_mut() = method;
        let url = format!("{}/internal/products/{path}", self.config.products_url);
        *request.uri_mut() = url.parse().map_err(|error| ProductsError(format!("products_url: {error}")))?;
        self.trace.apply(request.headers_mut());
        request.headers_mut().insert(AUTHORIZATION, self.bearer()?);
        if body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(self.host.send(request).await?)
    }

    fn bearer(&self) -> Result<HeaderValue, ProductsError> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", self.config.edge.service_token));
        bearer.map_err(|error| ProductsError(error.to_string()))
    }
}

fn read<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, ProductsError> {
    if !response.status().is_success() {
        return Err(ProductsError(format!("it answered {}", response.status())));
    }
    serde_json::from_slice(response.body())
        .map_err(|error| ProductsError(format!("its answer cannot be read: {error}")))
}
