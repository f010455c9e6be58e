//! Values and rules of carts and orders. Nothing here does I/O or asks for the time.

pub mod cart;
pub mod cart_owner;
pub mod checkout_options;
pub mod idempotency;
pub mod item;
pub mod limits;
pub mod order;
pub mod order_event;
pub mod order_response;
pub mod priced_cart;
pub mod quote;
pub mod reservation;
