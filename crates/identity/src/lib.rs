//! Passwords and tokens, pure; the client of verify-token
