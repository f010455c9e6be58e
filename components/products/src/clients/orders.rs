//! The orders service: whether a user has bought a product.

use bytes::Bytes;
use capability::{Http, TraceContext};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use kernel::{ProductId, UserId};
use serde::Deserialize;

/// The orders service. Its answer is required: a review keeps its mark of a verified purchase.
pub struct OrdersClient {
    url: String,
    service_token: String,
}

/// The orders service did not answer, or answered something unexpected. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the orders service: {0}")]
pub struct OrdersUnavailable(pub String);

impl std::fmt::Debug for OrdersClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OrdersClient({:?}, ..)", self.url)
    }
}

impl OrdersClient {
    /// Creates a client of the service at `url`, which has no slash at its end.
    #[must_use]
    pub fn new(url: String, service_token: String) -> Self {
        Self { url, service_token }
    }

    /// Returns whether the user has bought the product.
    pub async fn has_purchased(
        &self,
        http: &impl Http,
        user: UserId,
        product: ProductId,
        trace: &TraceContext,
    ) -> Result<bool, OrdersUnavailable> {
        let request = self.purchase_request(user, product, trace)?;
        let response = http.send(request).await.map_err(unavailable)?;
        read_purchase(&response)
    }

    fn purchase_request(
        &self,
        user: UserId,
        product: ProductId,
        trace: &TraceContext,
    ) -> Result<Request<Bytes>, OrdersUnavailable> {
        let url = format!("{}/internal/orders/purchases?userId={user}&productId={product}", self.url);
        let authorization = format!("Bearer {}", self.service_token);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = url.parse::<Uri>().map_err(unavailable)?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, HeaderValue::try_from(authorization).map_err(unavailable)?);
        trace.apply(request.headers_mut());
        Ok(request)
    }
}

fn read_purchase(response: &Response<Bytes>) -> Result<bool, OrdersUnavailable> {
    #[derive(Deserialize)]
    struct Purchase {
        purchased: bool,
    }
    if response.status() != StatusCode::OK {
        return Err(OrdersUnavailable(format!("it answered {}", response.status())));
    }
    let purchase: Purchase = serde_json::from_slice(response.body()).map_err(unavailable)?;
    Ok(purchase.purchased)
}

fn unavailable(error: impl std::fmt::Display) -> OrdersUnavailable {
    OrdersUnavailable(error.to_string())
}
