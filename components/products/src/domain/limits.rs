//! The limits of this service. Lengths are in characters unless the name says otherwise.

/// The longest search.
pub const MAX_SEARCH: usize = 200;

pub const MAX_PRODUCT_NAME: usize = 200;
pub const MAX_PRODUCT_DESCRIPTION: usize = 10_000;
pub const MAX_SKU: usize = 64;
pub const MAX_VARIANT_NAME: usize = 100;
pub const MAX_CATEGORY_NAME: usize = 100;
pub const MAX_CATEGORY_DESCRIPTION: usize = 2_000;
pub const MAX_SLUG: usize = 100;
pub const MAX_REVIEW_COMMENT: usize = 5_000;
pub const MAX_MOVEMENT_NOTES: usize = 1_000;

/// The highest price, in minor units. An order of 100 lines with 99 units each stays far below the largest amount.
pub const MAX_PRICE_MINOR: i64 = 999_999_999;

/// The highest stock of a product or a variant.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// The most lines of a reservation or a quote.
pub const MAX_RESERVATION_LINES: usize = 100;

/// The longest time for which stock is held, in seconds.
pub const MAX_HOLD_S: i64 = 24 * 60 * 60;

/// The largest file of an import: 4 MiB.
pub const MAX_IMPORT_BYTES: usize = 4 * 1024 * 1024;

pub const MAX_IMPORT_ROWS: usize = 10_000;

/// The rows that one statement imports: few enough for the time limit of a statement.
pub const IMPORT_BATCH: usize = 500;

/// The products of one page of an export.
pub const EXPORT_PAGE: i64 = 2_000;

/// The most responses in the cache of an instance.
pub const MAX_CACHED_RESPONSES: usize = 256;

/// The largest response in the cache.
pub const MAX_CACHED_BYTES: usize = 64 * 1024;
