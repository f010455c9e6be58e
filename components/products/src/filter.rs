//! What a shopper asks of the catalogue: filters, a sort order from a fixed list, and where to go on.

use capability::db::like_literal;
use kernel::{Currency, Limit, Money};
use web::{Cursors, Problem, Query};

/// The longest search, in characters.
pub const MAX_SEARCH_CHARACTERS: usize = 200;

/// A query of the list, all of it checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// A category's slug or name. Its descendants are included.
    pub category: Option<String>,
    /// The words to search for.
    pub search: Option<String>,
    /// The lowest price.
    pub min_price: Option<Money>,
    /// The highest price.
    pub max_price: Option<Money>,
    /// Only what is in stock, or only what is not.
    pub in_stock: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// The key after which to go on.
    pub after: Option<PageKey>,
    /// How many.
    pub limit: Limit,
    /// Whether to count what is found.
    pub facets: bool,
}

/// The orders that an index serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The best match first; without a search, the newest.
    Relevance,
    /// The newest first.
    Newest,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDescending,
    /// By name.
    Name,
    /// The best rated first.
    Rating,
}

/// The sort key of a product, as its statement told it, and its id as the tiebreak.
pub type PageKey = (String, i64);

impl Filter {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 that names the parameter.
    pub fn read(query: &Query, cursors: &Cursors) -> Result<Self, Problem> {
        let price =
            |text: &str| Money::parse(text, Currency::default()).ok().filter(|price| price.minor() >= 0);
        let search = query.read("q", "must have at most 200 characters", |text| {
            (text.chars().count() <= MAX_SEARCH_CHARACTERS).then(|| text.to_owned())
        })?;
        let sort = query.read(
            "sort",
            "must be one of relevance, newest, price, -price, name, rating",
            Sort::parse,
        )?;
        let sort = match (sort, &search) {
            (None, Some(_)) => Sort::Relevance,
            // Nothing is more relevant than anything else.
            (None | Some(Sort::Relevance), None) => Sort::Newest,
            (Some(sort), _) => sort,
        };
        Ok(Self {
            category: query.read("category", "must be a slug or a name", |text| Some(text.to_owned()))?,
            search,
            min_price: query.read("minPrice", "must be an amount with at most two decimals", price)?,
            max_price: query.read("maxPrice", "must be an amount with at most two decimals", price)?,
            in_stock: query.read("inStock", "must be true or false", |text| text.parse().ok())?,
            sort,
            after: sort.after(query, cursors)?,
            limit: query.limit()?,
            facets: query.read("facets", "must be true or false", |text| text.parse().ok())?.unwrap_or(false),
        })
    }

    /// The lowest and the highest price, as the database takes them.
    #[must_use]
    pub fn prices(&self) -> [Option<String>; 2] {
        [self.min_price, self.max_price].map(|price| price.map(|price| price.to_string()))
    }
}

impl Sort {
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

    /// The cursor. It says for which order it was made, so that one of another order is refused and not misread.
    fn after(self, query: &Query, cursors: &Cursors) -> Result<Option<PageKey>, Problem> {
        let Some((tag, key, id)) = query.cursor::<(char, String, i64)>(cursors)? else { return Ok(None) };
        if tag != self.tag() || !self.is_key(&key) {
            let told = "must be the nextCursor of an earlier answer to the same query";
            return Err(Problem::invalid_parameter("cursor", told));
        }
        Ok(Some((key, id)))
    }

    /// What a cursor of this order holds: the order, the key and the id.
    #[must_use]
    pub fn cursor_key(self, (key, id): PageKey) -> (char, String, i64) {
        (self.tag(), key, id)
    }

    fn tag(self) -> char {
        match self {
            Self::Relevance => 'r',
            Self::Newest => 'n',
            Self::Price => 'p',
            Self::PriceDescending => 'P',
            Self::Name => 'a',
            Self::Rating => 's',
        }
    }

    /// Whether the database will be able to read a key that a client may have written.
    fn is_key(self, key: &str) -> bool {
        let is_plain = |key: &str| {
            (1..=40).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_digit() || b"+-.:e ".contains(&byte))
        };
        match self {
            // As PostgreSQL writes it: 2026-01-31 12:00:00.123456+00
            Self::Newest => is_plain(key) && kernel::Timestamp::parse(&key.replacen(' ', "T", 1)).is_some(),
            Self::Price | Self::PriceDescending | Self::Rating => {
                Money::parse(key, Currency::default()).is_ok_and(|amount| amount.minor() >= 0)
            }
            // A `real`: what is too small for it is an error there.
            Self::Relevance => {
                is_plain(key) && key.parse::<f32>().is_ok_and(|rank| rank == 0.0 || rank.is_normal())
            }
            Self::Name => !key.contains('\0'),
        }
    }
}

/// The LIKE pattern of what begins with a text.
#[must_use]
pub fn prefix(text: &str) -> String {
    format!("{}%", like_literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

    fn read(query: &str) -> Result<Filter, Problem> {
        let uri: Uri = format!("/products?{query}").parse().unwrap();
        Filter::read(&Query::parse(uri.query().unwrap()), &Cursors::new("secret"))
    }

    #[test]
    fn parameters_are_checked_one_by_one() {
        let filter =
            read("category=Electronics&minPrice=10&maxPrice=99.90&inStock=true&sort=-price&limit=5").unwrap();
        assert_eq!(filter.category.as_deref(), Some("Electronics"));
        assert_eq!((filter.min_price.unwrap().minor(), filter.max_price.unwrap().minor()), (1000, 9990));
        assert_eq!(
            (filter.in_stock, filter.sort, filter.limit.get()),
            (Some(true), Sort::PriceDescending, 5)
        );
        for query in
            ["minPrice=ten", "minPrice=-1", "maxPrice=1e3", "inStock=yes", "sort=id", "limit=0", "limit=101"]
        {
            assert_eq!(read(query).unwrap_err().status(), 400, "{query}");
        }
        assert_eq!(read(&format!("q={}", "x".repeat(201))).unwrap_err().status(), 400);
    }

    #[test]
    fn the_order_depends_on_whether_there_is_a_search() {
        assert_eq!(read("").unwrap().sort, Sort::Newest);
        assert_eq!(read("sort=relevance").unwrap().sort, Sort::Newest);
        assert_eq!(read("q=laptop").unwrap().sort, Sort::Relevance);
        assert_eq!(read("q=laptop&sort=price").unwrap().sort, Sort::Price);
    }

    #[test]
    fn a_cursor_is_good_for_its_own_order_only() {
        let cursor =
            |sort: Sort, key: &str| Cursors::new("secret").of(&sort.cursor_key((key.to_owned(), 7))).unwrap();
        let price = cursor(Sort::Price, "12.50");
        assert_eq!(read(&format!("sort=price&cursor={price}")).unwrap().after, Some(("12.50".to_owned(), 7)));
        assert_eq!(read(&format!("sort=name&cursor={price}")).unwrap_err().status(), 400);
        for (sort, name, key) in [
            (Sort::Price, "price", "'; drop table products"),
            (Sort::Price, "price", "NaN"),
            (Sort::Newest, "newest", "yesterday"),
            (Sort::Newest, "newest", "2026-01-01T00:00:00Z[UTC]"),
            (Sort::Rating, "rating", "1e300"),
            (Sort::Name, "name", "\0"),
        ] {
            let cursor = cursor(sort, key);
            assert_eq!(read(&format!("sort={name}&cursor={cursor}")).unwrap_err().status(), 400, "{key:?}");
        }
    }
}
