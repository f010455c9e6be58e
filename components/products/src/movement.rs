//! What admins do to the stock, for a reason.

use kernel::VariantId;
use serde_json::Value;
use web::fields::{self, Fault};
use web::{Fields, Problem};

use crate::catalogue::MAX_UNITS;

/// A movement that an admin wants to write.
#[derive(Debug, PartialEq, Eq)]
pub struct NewMovement {
    /// A variant, or the product itself.
    pub variant: Option<VariantId>,
    /// Units: more than before, or fewer.
    pub quantity_change: i64,
    /// Why.
    pub movement_type: &'static str,
    /// In their words.
    pub notes: Option<String>,
}

impl NewMovement {
    /// Reads a movement.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let quantity_change = body.required("quantityChange", quantity_change);
        let movement_type = body.required("movementType", movement_type);
        let notes = body.optional("notes", fields::paragraph(1_000));
        let variant = body.optional("variantId", fields::number);
        if quantity_change.is_some_and(|units| units < 0)
            && movement_type.is_some_and(|kind| kind != "adjustment")
        {
            body.refuse(
                "quantityChange",
                Fault::new("out-of-range", "must be above 0 for a restock or a return"),
            );
        }
        body.finish(|| {
            Some(Self {
                variant: variant?,
                quantity_change: quantity_change?,
                movement_type: movement_type?,
                notes: notes?,
            })
        })
    }
}

fn quantity_change(value: &Value) -> Result<i64, Fault> {
    let units = fields::integer(value)?;
    if units != 0 && (-MAX_UNITS..=MAX_UNITS).contains(&units) {
        Ok(units)
    } else {
        Err(Fault::new("out-of-range", "must be a whole number from -1000000000 to 1000000000, and not 0"))
    }
}

/// Those that are a person's to write. The others belong to orders.
fn movement_type(value: &Value) -> Result<&'static str, Fault> {
    let told = fields::text(value)?;
    let found = ["restock", "adjustment", "return"].into_iter().find(|known| *known == told);
    found.ok_or_else(|| Fault::new("invalid", "must be restock, adjustment or return"))
}
