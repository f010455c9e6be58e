//! Whose cart a request is about, and what is in it.

use futures_util::join;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use web::{Call, Problem};

use crate::checkout::store_problem;
use crate::owner::{CartToken, Owner};
use crate::store::{Seen, Store};
use crate::{App, Host};

/// Carries a guest's token, both ways.
pub(super) const CART_TOKEN: HeaderName = HeaderName::from_static("x-cart-token");

/// A cart that a request is about.
pub(super) struct Opened {
    pub(super) owner: Owner,
    pub(super) seen: Seen,
}

/// The cart of the caller, who is logged in or shows a guest's token. Who does both is logged in.
pub(super) async fn open<H: Host>(app: &App<H>, call: &Call, trace: &HeaderMap) -> Result<Opened, Problem> {
    let store = Store::new(app, trace);
    if let Some(token) = guest_token(call)? {
        let owner = Owner::Guest(token);
        let seen = store.cart(&owner).await.map_err(store_problem)?;
        return Ok(Opened { owner, seen });
    }
    let claimed = app.config.identification.claimed(&app.host, call)?;
    let owner = Owner::User(claimed.user);
    let (principal, seen) =
        join!(app.config.identification.identified(&app.host, &claimed, trace), store.cart(&owner));
    principal?;
    Ok(Opened { owner, seen: seen.map_err(store_problem)? })
}

/// The same for who comes to add something: a stranger becomes a guest. So does a guest whose cart is gone: a token that is
/// not ours, or not any more, opens nothing, so that nobody can be made to use a cart whose token another knows.
pub(super) async fn open_or_begin<H: Host>(
    app: &App<H>,
    call: &Call,
    trace: &HeaderMap,
) -> Result<Opened, Problem> {
    let is_stranger = !call.headers.contains_key(AUTHORIZATION) && !call.headers.contains_key(CART_TOKEN);
    let begin = || Owner::Guest(CartToken::new(app.host.bytes()));
    if is_stranger {
        let (owner, cart) = (begin(), crate::cart::Cart::new(app.host.bytes(), app.host.now()));
        return Ok(Opened { owner, seen: Seen { cart, version: None } });
    }
    let opened = open(app, call, trace).await?;
    Ok(match opened {
        Opened { owner: Owner::Guest(_), seen: seen @ Seen { version: None, .. } } => {
            Opened { owner: begin(), seen }
        }
        opened => opened,
    })
}

fn guest_token(call: &Call) -> Result<Option<CartToken>, Problem> {
    let Some(value) = call.headers.get(CART_TOKEN) else { return Ok(None) };
    if call.headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let token = value.to_str().ok().and_then(|text| CartToken::parse(text.trim()));
    token.map(Some).ok_or_else(|| {
        Problem::unauthorized("invalid-cart-token", "send X-Cart-Token as you got it, or log in")
    })
}
