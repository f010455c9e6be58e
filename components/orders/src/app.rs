//! Use cases: what happens, and in which order, when a request or a job calls.

pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod context;
pub(crate) mod crash_point;
pub(crate) mod event_delivery;
pub(crate) mod failure;
pub(crate) mod order_status;
pub(crate) mod orders;
pub(crate) mod reconciliation;
pub(crate) mod retry;
pub(crate) mod stock_release;
