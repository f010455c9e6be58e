//! Carts, checkout, orders: the orders service
