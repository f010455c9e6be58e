use capability::{Database, DbError};

/// Fails if the database does not answer.
pub async fn ping(db: &impl Database) -> Result<(), DbError> {
    db.query(&repeatable!("ping"), &[]).await.map(drop)
}
