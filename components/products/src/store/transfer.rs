//! Import and export.

use capability::{Database, DbError};
use kernel::UserId;
use kernel::page::Page;

use super::row::{one, page, to_json, unexpected};
use super::write::WriteError;
use crate::domain::import::{Report, Row};

/// Creates or updates a product for each row, by SKU. A dry run writes nothing.
pub async fn import_products(
    db: &impl Database,
    admin: UserId,
    rows: &[Row],
    is_dry_run: bool,
) -> Result<Report, WriteError> {
    let statement = repeatable!("import_products");
    let rows = to_json(rows)?;
    let report = one(db, &statement, &[admin.get().into(), (&rows).into(), is_dry_run.into()]).await?;
    Ok(statement.decode(&report)?)
}

/// Lists a page of all products by id, with the fields that an import reads.
pub async fn export_products(db: &impl Database, after: Option<i64>, limit: i64) -> Result<Page, DbError> {
    let statement = repeatable!("export_products");
    page(db, &statement, &[after.into(), limit.into()]).await?.ok_or_else(|| unexpected(&statement))
}
