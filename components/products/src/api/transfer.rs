//! Import and export of the catalog.

use http::{HeaderName, StatusCode};
use web::{Call, Problem, Query, Reply};

use super::catalog::is_true;
use crate::app::transfer;
use crate::domain::import::Format;
use crate::domain::limits::MAX_IMPORT_BYTES;
use crate::{App, Host};

pub(super) async fn import<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let is_dry_run = is_true(&call.query(), "dryRun")?;
    let format = Format::from_media_type(&call.media_type()).ok_or_else(unsupported_media_type)?;
    let file = call.bytes(MAX_IMPORT_BYTES).await?;
    Reply::ok(&transfer::import(&app.host, admin.user, format, file, is_dry_run).await?)
}

fn unsupported_media_type() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "send the products as content-type: text/csv or application/x-ndjson",
    )
}

/// Replies with a page of an export. A file has no place for the next cursor, so that a header carries it.
pub(super) async fn export<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    call.authenticate_admin(&app.config.authentication, &app.host).await?;
    let format = export_format(&call.query())?;
    let after = call.cursor("export", &())?;
    let page = transfer::export(&app.host, format, after).await?;
    let media_type = match format {
        Format::Csv => "text/csv",
        Format::Ndjson => "application/x-ndjson",
    };
    let reply = Reply::of_type(media_type, page.file);
    Ok(match call.next_cursor("export", &(), &page.products)? {
        Some(cursor) => reply.with_header(HeaderName::from_static("x-next-cursor"), &cursor),
        None => reply,
    })
}

fn export_format(query: &Query) -> Result<Format, Problem> {
    let format = query.read("format", "must be csv or ndjson", |text| match text {
        "csv" => Some(Format::Csv),
        "ndjson" => Some(Format::Ndjson),
        _ => None,
    })?;
    Ok(format.unwrap_or(Format::Csv))
}
