//! Catalogue, stock ledger, reservations: the products service
