//! Stock movements that an admin writes.

use kernel::VariantId;
use kernel::fields::{FieldFault, Fields, InvalidFields, integer, number, paragraph};
use serde_json::Value;

use super::limits::{MAX_MOVEMENT_NOTES, MAX_UNITS};
use super::readers::word;

/// A movement to be written.
#[derive(Debug, PartialEq, Eq)]
pub struct NewMovement {
    /// `None` for the stock of the product itself.
    pub variant: Option<VariantId>,
    pub quantity_change: i64,
    pub movement_type: &'static str,
    pub notes: Option<String>,
}

impl NewMovement {
    /// Reads a movement. Only an adjustment may decrease the stock.
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let quantity_change = body.required("quantityChange", quantity_change);
        let movement_type = body.required("movementType", movement_type);
        let notes = body.optional("notes", paragraph(MAX_MOVEMENT_NOTES));
        let variant = body.optional("variantId", number);
        let is_decrease = quantity_change.is_some_and(|units| units < 0);
        if is_decrease && movement_type.is_some_and(|kind| kind != "adjustment") {
            let fault = FieldFault::new("out-of-range", "must be above 0 for a restock or a return");
            body.reject("quantityChange", fault);
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

fn quantity_change(value: &Value) -> Result<i64, FieldFault> {
    let units = integer(value)?;
    let is_valid = units != 0 && (-MAX_UNITS..=MAX_UNITS).contains(&units);
    is_valid.then_some(units).ok_or_else(|| {
        FieldFault::new("out-of-range", "must be a whole number from -1000000000 to 1000000000, and not 0")
    })
}

/// Reads a type that admins may write. Orders write the other types.
fn movement_type(value: &Value) -> Result<&'static str, FieldFault> {
    word(["restock", "adjustment", "return"], "must be restock, adjustment or return")(value)
}
