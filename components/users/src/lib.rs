//! Accounts, sessions, addresses: the users service
