//! Pages of lists.

use kernel::Limit;
use serde::Deserialize;

/// Where a page starts, and how many items it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The id of the previous page's last item.
    pub after: Option<i64>,
    pub limit: Limit,
}

/// A page as the list statements return it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListPage<T> {
    /// The id of the last item, if the list continues after it.
    pub next: Option<i64>,
    pub items: Vec<T>,
}
