//! Applies the numbered SQL migrations: one tool in development, CI and the cluster
