//! What shoppers say about products.

use serde_json::Value;
use web::fields::{self, Fault};
use web::{Fields, Problem};

/// A review that somebody wants to write.
#[derive(Debug, PartialEq, Eq)]
pub struct NewReview {
    /// 1 to 5.
    pub rating: i64,
    /// In their words.
    pub comment: String,
}

impl NewReview {
    /// Reads a review.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let rating = body.required("rating", rating);
        let comment = body.optional("comment", fields::paragraph(5_000));
        body.finish(|| Some(Self { rating: rating?, comment: comment?.unwrap_or_default() }))
    }
}

fn rating(value: &Value) -> Result<i64, Fault> {
    let rating = fields::integer(value)?;
    if (1..=5).contains(&rating) {
        Ok(rating)
    } else {
        Err(Fault::new("out-of-range", "must be a whole number from 1 to 5"))
    }
}

/// How somebody is shown to others: their first name and the initial of their last.
#[must_use]
pub fn author(full_name: &str) -> String {
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
        for (full_name, shown) in [
            ("Ada Lovelace", "Ada L."),
            ("Ada", "Ada"),
            ("  Ada  King  Noel ", "Ada N."),
            ("Øystein Ådland", "Øystein Å."),
            ("", "Somebody"),
        ] {
            assert_eq!(author(full_name), shown);
        }
    }
}
