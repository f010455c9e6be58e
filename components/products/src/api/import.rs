//! A catalogue that comes as a file.

use http::StatusCode;
use web::{Call, Problem, Reply};

use super::refusals::refused;
use crate::import::{BATCH, Format, MAX_BYTES, Report, read};
use crate::{App, Host, store};

/// The file is written in parts, each of them whole or not at all. A file that was sent before changes nothing, so what
/// breaks off is simply sent again.
pub(super) async fn import<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let is_dry_run =
        call.query().read("dryRun", "must be true or false", |text| text.parse().ok())?.unwrap_or(false);
    let format = Format::of(&call.media_type()).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "send the products as content-type: text/csv or application/x-ndjson",
        )
    })?;
    let file = call.bytes(MAX_BYTES).await?;
    let (rows, errors) = read(format, &file).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-import", error.to_string())
    })?;
    drop(file);
    let mut report = Report { errors, ..Report::default() };
    for part in rows.chunks(BATCH) {
        let written = store::import_products(&app.host, admin.user, part, is_dry_run).await;
        report.add(written.map_err(|error| refused(error, "product"))?);
    }
    report.errors.sort_by_key(|error| error.row);
    Reply::ok(&report)
}
