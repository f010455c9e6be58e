//! Why a write of an admin or a reviewer is rejected.

/// The rule that a write violates. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the resource does not exist")]
    Absent,
    #[error("If-Match does not allow the present version")]
    Stale,
    #[error("the category does not exist")]
    CategoryAbsent,
    #[error("the parent category does not exist")]
    ParentAbsent,
    #[error("the category would be its own descendant")]
    CategoryCycle,
    #[error("the category has products or subcategories")]
    CategoryInUse,
    #[error("the price of the product or of a variant would be negative")]
    NegativePrice,
    #[error("only {0} units are available")]
    InsufficientStock(i64),
    #[error("the stock would exceed its limit")]
    TooMuchStock,
    #[error("another product has the SKU")]
    SkuTaken,
    #[error("another variant of the product has the name")]
    VariantNameTaken,
    #[error("another category has the slug")]
    SlugTaken,
    #[error("the user has already reviewed the product")]
    AlreadyReviewed,
}
