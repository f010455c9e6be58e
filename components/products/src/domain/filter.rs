//! The filters and sort orders of the product list.

use kernel::{Currency, Money, Timestamp, like_literal};
use serde::{Deserialize, Serialize};

use super::limits::MAX_SEARCH;

/// The filters and the sort order of a product list: the scope of its cursors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// The slug or the name of a category. The list includes the products of its descendants.
    pub category: Option<String>,
    pub search: Option<String>,
    pub min_price: Option<Money>,
    pub max_price: Option<Money>,
    /// `true` for products in stock, `false` for products out of stock.
    pub in_stock: Option<bool>,
    pub sort: Sort,
}

/// The sort orders of the product list. An index serves each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Sort {
    /// Best match first.
    Relevance,
    Newest,
    /// Cheapest first.
    Price,
    /// Most expensive first.
    PriceDescending,
    Name,
    /// Best rated first.
    Rating,
}

/// The sort key of the last product of a page, as the list statement returns it. The id breaks ties.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SortKey {
    pub value: String,
    pub id: i64,
}

/// A query parameter with a wrong value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} {expected}")]
pub struct InvalidParameter {
    pub name: &'static str,
    pub expected: &'static str,
}

impl Filter {
    /// Parses the query parameters, which `get` returns by name.
    pub fn parse<'q>(get: impl Fn(&str) -> Option<&'q str>) -> Result<Self, InvalidParameter> {
        const PRICE: &str = "must be an amount with at most two decimals";
        let parameters = Parameters(get);
        let search = parameters.read("q", "must have at most 200 characters", search)?;
        let sort = parameters.read("sort", Sort::EXPECTED, Sort::parse)?;
        Ok(Self {
            sort: Sort::or_default(sort, search.is_some()),
            search,
            category: parameters
                .read("category", "must be a slug or a name", |text| Some(text.to_owned()))?,
            min_price: parameters.read("minPrice", PRICE, price)?,
            max_price: parameters.read("maxPrice", PRICE, price)?,
            in_stock: parameters.read("inStock", "must be true or false", |text| text.parse().ok())?,
        })
    }

    /// Returns the minimum and the maximum price as the database parses them.
    #[must_use]
    pub fn prices(&self) -> [Option<String>; 2] {
        [self.min_price, self.max_price].map(|price| price.map(|price| price.to_string()))
    }
}

/// Query parameters by name.
struct Parameters<G>(G);

impl<'q, G: Fn(&str) -> Option<&'q str>> Parameters<G> {
    fn read<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, InvalidParameter> {
        match (self.0)(name) {
            Some(text) if text.contains('\0') => {
                Err(InvalidParameter { name, expected: "must not contain NUL" })
            }
            Some(text) => parse(text).map(Some).ok_or(InvalidParameter { name, expected }),
            None => Ok(None),
        }
    }
}

/// Parses a search text.
#[must_use]
pub fn search(text: &str) -> Option<String> {
    (text.chars().count() <= MAX_SEARCH).then(|| text.to_owned())
}

fn price(text: &str) -> Option<Money> {
    Money::parse(text, Currency::default()).ok().filter(|price| price.minor() >= 0)
}

impl Sort {
    const EXPECTED: &str = "must be one of relevance, newest, price, -price, name, rating";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "relevance" => Some(Self::Relevance),
            "newest" => Some(Self::Newest),
            "price" => Some(Self::Price),
            "-price" => Some(Self::PriceDescending),
            "name" => Some(Self::Name),
            "rating" => Some(Self::Rating),
            _ => None,
        }
    }

    /// Returns the requested order or its default. Without a search all products are equally relevant: newest first.
    fn or_default(requested: Option<Self>, has_search: bool) -> Self {
        match requested {
            None if has_search => Self::Relevance,
            None => Self::Newest,
            Some(Self::Relevance) if !has_search => Self::Newest,
            Some(sort) => sort,
        }
    }

    /// Returns whether the list statement of this order can parse the key.
    #[must_use]
    pub fn accepts(self, key: &str) -> bool {
        match self {
            // As PostgreSQL writes it: 2026-01-31 12:00:00.123456+00
            Self::Newest => is_plain(key) && Timestamp::parse(&key.replacen(' ', "T", 1)).is_some(),
            Self::Price | Self::PriceDescending | Self::Rating => price(key).is_some(),
            // PostgreSQL rejects a number that is too small for a `real`.
            Self::Relevance => {
                is_plain(key) && key.parse::<f32>().is_ok_and(|rank| rank == 0.0 || rank.is_normal())
            }
            Self::Name => !key.contains('\0'),
        }
    }
}

fn is_plain(key: &str) -> bool {
    (1..=40).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_digit() || b"+-.:e ".contains(&byte))
}

/// Returns the LIKE pattern of the texts that begin with `text`.
#[must_use]
pub fn prefix_pattern(text: &str) -> String {
    format!("{}%", like_literal(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn parse(parameters: &[(&str, &str)]) -> Result<Filter, InvalidParameter> {
        Filter::parse(|name| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn each_parameter_is_validated() {
        let filter = parse(&[
            ("category", "Electronics"),
            ("minPrice", "10"),
            ("maxPrice", "99.90"),
            ("inStock", "true"),
            ("sort", "-price"),
        ])
        .unwrap();
        assert_eq!(filter.category.as_deref(), Some("Electronics"));
        assert_eq!((filter.min_price.unwrap().minor(), filter.max_price.unwrap().minor()), (1000, 9990));
        assert_eq!((filter.in_stock, filter.sort), (Some(true), Sort::PriceDescending));
        for (name, value) in [
            ("minPrice", "ten"),
            ("minPrice", "-1"),
            ("maxPrice", "1e3"),
            ("inStock", "yes"),
            ("sort", "id"),
            ("category", "\0"),
            ("q", &"x".repeat(201)),
        ] {
            assert_eq!(parse(&[(name, value)]).unwrap_err().name, name, "{value}");
        }
    }

    #[test]
    fn the_default_order_depends_on_the_search() {
        let sort = |parameters: &[(&str, &str)]| parse(parameters).unwrap().sort;
        assert_eq!(sort(&[]), Sort::Newest);
        assert_eq!(sort(&[("sort", "relevance")]), Sort::Newest);
        assert_eq!(sort(&[("q", "laptop")]), Sort::Relevance);
        assert_eq!(sort(&[("q", "laptop"), ("sort", "price")]), Sort::Price);
    }

    #[test]
    fn a_scope_differs_by_each_filter_and_the_order() {
        let lists: [&[(&str, &str)]; 7] = [
            &[],
            &[("q", "a")],
            &[("category", "a")],
            &[("minPrice", "1")],
            &[("maxPrice", "1")],
            &[("inStock", "true")],
            &[("sort", "name")],
        ];
        let scope = |list: &[(&str, &str)]| serde_json::to_string(&parse(list).unwrap()).unwrap();
        let scopes: BTreeSet<_> = lists.iter().map(|list| scope(list)).collect();
        assert_eq!(scopes.len(), lists.len());
        let scope = |price| scope(&[("minPrice", price)]);
        assert_eq!(scope("1"), scope("1.00"));
    }

    #[test]
    fn a_key_that_the_database_cannot_parse_is_rejected() {
        assert!(Sort::Price.accepts("12.50"));
        assert!(Sort::Newest.accepts("2026-01-31 12:00:00.123456+00"));
        for (sort, key) in [
            (Sort::Price, "'; drop table products"),
            (Sort::Price, "NaN"),
            (Sort::Newest, "yesterday"),
            (Sort::Newest, "2026-01-01T00:00:00Z[UTC]"),
            (Sort::Rating, "1e300"),
            (Sort::Name, "\0"),
        ] {
            assert!(!sort.accepts(key), "{key:?}");
        }
    }
}
