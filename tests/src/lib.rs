//! Store tests on a real PostgreSQL and black-box tests over HTTP
