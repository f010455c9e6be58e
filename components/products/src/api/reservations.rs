//! Reservations and prices, for the orders service.

use http::StatusCode;
use kernel::OrderId;
use web::{Call, Problem, Reply};

use crate::app::reservations::{self, Reservation};
use crate::domain::reservation::{Item, ReserveRequest};
use crate::{App, Host, app};

pub(super) async fn reserve<H: Host>(service: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let request = ReserveRequest::read(call.json().await?)?;
    Ok(reply(reservations::reserve(&service.host, &request).await?))
}

pub(super) async fn confirm<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    Ok(reply(reservations::confirm(&service.host, &order_id(call)?).await?))
}

pub(super) async fn release<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::from_json(reservations::release(&service.host, &order_id(call)?).await?))
}

pub(super) async fn find<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let found = app::find_reservation(&service.host, &order_id(call)?).await?;
    found.map(Reply::from_json).ok_or_else(|| Problem::not_found("reservation"))
}

pub(super) async fn list_expired<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let query = call.query();
    if query.get("state") != Some("held") || query.get("expired") != Some("true") {
        return Err(Problem::invalid_parameter("state", "must be held, with expired=true"));
    }
    Ok(Reply::from_json(app::list_expired_reservations(&service.host, query.limit()?).await?))
}

pub(super) async fn quote<H: Host>(service: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let items = Item::read_all(call.json().await?)?;
    Ok(Reply::from_json(app::quote(&service.host, &items).await?))
}

fn order_id(call: &Call) -> Result<OrderId, Problem> {
    call.param("orderId").parse().map_err(|_| Problem::not_found("reservation"))
}

fn reply(reservation: Reservation) -> Reply {
    match reservation {
        Reservation::Created(json) => Reply::from_json(json).with_status(StatusCode::CREATED),
        Reservation::Existing(json) => Reply::from_json(json),
    }
}
