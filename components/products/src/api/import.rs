//! A catalogue that comes as a file, and goes as one.

use http::{HeaderName, StatusCode};
use web::{Call, Problem, Reply};

use super::refusals::refused;
use crate::import::{BATCH, Format, MAX_BYTES, Report, read, write};
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

/// How many products are in one part of an export.
const EXPORTED: i64 = 2000;

/// A part of the whole catalogue, with where it goes on in a header: a file has no place for it.
pub(super) async fn export<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    app.config.identification.admin(&app.host, call).await?;
    let query = call.query();
    let format = query.read("format", "must be csv or ndjson", |text| match text {
        "csv" => Some((Format::Csv, "text/csv")),
        "ndjson" => Some((Format::Ndjson, "application/x-ndjson")),
        _ => None,
    })?;
    let (format, media) = format.unwrap_or((Format::Csv, "text/csv"));
    let after = query.cursor(&app.config.cursors)?;
    let page = store::export_products(&app.host, after, EXPORTED).await?;
    let file = write(format, &page.items, after.is_none()).map_err(Problem::internal)?;
    let reply = Reply::of_type(media, file);
    Ok(match app.config.cursors.next(page.next) {
        Some(cursor) => reply.with_header(HeaderName::from_static("x-next-cursor"), &cursor),
        None => reply,
    })
}
