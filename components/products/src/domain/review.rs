//! Product reviews.

use kernel::UserId;
use kernel::fields::{FieldFault, Fields, InvalidFields, integer, paragraph};
use serde_json::Value;

use super::limits::MAX_REVIEW_COMMENT;

/// A review to be written.
#[derive(Debug, PartialEq, Eq)]
pub struct NewReview {
    /// 1 to 5.
    pub rating: i64,
    pub comment: String,
}

/// The author of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub user: UserId,
    /// The name under which the review is published.
    pub display_name: String,
}

impl Author {
    /// Creates the author from the name of an account.
    #[must_use]
    pub fn new(user: UserId, full_name: &str) -> Self {
        Self { user, display_name: display_name(full_name) }
    }
}

impl NewReview {
    /// Reads a review.
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let rating = body.required("rating", rating);
        let comment = body.optional("comment", paragraph(MAX_REVIEW_COMMENT));
        body.finish(|| Some(Self { rating: rating?, comment: comment?.unwrap_or_default() }))
    }
}

fn rating(value: &Value) -> Result<i64, FieldFault> {
    let rating = integer(value)?;
    let is_valid = (1..=5).contains(&rating);
    is_valid
        .then_some(rating)
        .ok_or_else(|| FieldFault::new("out-of-range", "must be a whole number from 1 to 5"))
}

/// Returns the first name and the initial of the last name.
fn display_name(full_name: &str) -> String {
    let mut names = full_name.split_whitespace();
    let first = names.next().unwrap_or("Somebody");
    match names.next_back().and_then(|last| last.chars().next()) {
        Some(initial) => format!("{first} {initial}."),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_a_first_name_and_an_initial() {
        for (full_name, expected) in [
            ("Ada Lovelace", "Ada L."),
            ("Ada", "Ada"),
            ("  Ada  King  Noel ", "Ada N."),
            ("Øystein Ådland", "Øystein Å."),
            ("", "Somebody"),
        ] {
            assert_eq!(display_name(full_name), expected);
        }
    }
}
