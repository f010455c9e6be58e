//! Import and export of the catalog.

use bytes::Bytes;
use capability::{Database, DbError};
use kernel::UserId;
use kernel::page::Page;

use crate::domain::export;
use crate::domain::import::{self, Format, InvalidFile, Report};
use crate::domain::limits::{EXPORT_PAGE, IMPORT_BATCH};
use crate::store::{self, WriteError};

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] InvalidFile),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A part of an export.
#[derive(Debug)]
pub struct ExportPage {
    pub file: String,
    /// The products of the file.
    pub products: Page,
}

/// Imports a file in batches, each of them atomic. A repeated import of a file changes nothing, so that a client resumes an
/// interrupted import by sending the file again.
pub async fn import(
    db: &impl Database,
    admin: UserId,
    format: Format,
    file: Bytes,
    is_dry_run: bool,
) -> Result<Report, ImportError> {
    let parsed = import::parse(format, &file)?;
    drop(file);
    let mut report = Report { errors: parsed.errors, ..Report::default() };
    for batch in parsed.rows.chunks(IMPORT_BATCH) {
        report.add(store::import_products(db, admin, batch, is_dry_run).await?);
    }
    report.errors.sort_by_key(|error| error.row);
    Ok(report)
}

/// Exports the products after the given id.
pub async fn export(db: &impl Database, format: Format, after: Option<i64>) -> Result<ExportPage, DbError> {
    let products = store::export_products(db, after, EXPORT_PAGE).await?;
    let file = export::write(format, products.items.get(), after.is_none())
        .map_err(|error| DbError::Unexpected(error.to_string()))?;
    Ok(ExportPage { file, products })
}
