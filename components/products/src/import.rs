//! A catalogue in a file, one product a row, known by its SKU: CSV or NDJSON, in and out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use web::Fields;

use crate::catalogue::{Changes, read_imported_product};

/// The largest file, in bytes: 4 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The most rows of a file.
pub const MAX_ROWS: usize = 10_000;

/// How many rows are written by one statement: few enough to be done within the limit on statements.
pub const BATCH: usize = 500;

/// In what form the products are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header that names the fields.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// A row that can be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number, from 1; a header does not count.
    pub row: usize,
    /// Its product.
    pub product: Changes,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// Its number, from 1.
    pub row: usize,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// What became of a file, or of a part of it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Products that are new.
    pub created: i64,
    /// Products that are others than before.
    pub updated: i64,
    /// Products that were as the file has them.
    pub unchanged: i64,
    /// Rows that were left out.
    pub errors: Vec<RowError>,
}

/// The file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not text.
    #[error("the file is not UTF-8")]
    NotText,
    /// It has no header, or one without a field that every product has.
    #[error("the header must name sku, name, basePrice, and category or categoryId")]
    Header,
    /// Too many rows.
    #[error("a file may have at most 10000 rows; send the rest in another one")]
    TooManyRows,
}

impl Format {
    /// The format of a media type.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

impl Report {
    /// Adds what became of another part.
    pub fn add(&mut self, other: Self) {
        self.created = self.created.saturating_add(other.created);
        self.updated = self.updated.saturating_add(other.updated);
        self.unchanged = self.unchanged.saturating_add(other.unchanged);
        self.errors.extend(other.errors);
    }
}

/// Reads a file: the rows that can be written, and what is wrong with the others.
///
/// # Errors
/// [`Unreadable`]
pub fn read(format: Format, file: &[u8]) -> Result<(Vec<Row>, Vec<RowError>), Unreadable> {
    let text = std::str::from_utf8(file).map_err(|_| Unreadable::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let values = match format {
        Format::Csv => csv_rows(text)?,
        Format::Ndjson => json_rows(text),
    };
    if values.len() > MAX_ROWS {
        return Err(Unreadable::TooManyRows);
    }
    let (mut rows, mut errors) = (Vec::with_capacity(values.len()), Vec::new());
    let mut seen = BTreeSet::new();
    for (index, value) in values.into_iter().enumerate() {
        let row = index.saturating_add(1);
        let error = |code: &str, detail: String| RowError { row, code: code.to_owned(), detail };
        let product = match value.map(|value| Fields::of(value).and_then(read_imported_product)) {
            Ok(Ok(product)) => product,
            Ok(Err(problem)) => {
                errors.extend(problem.errors().iter().map(|fault| error(fault.code, fault.detail.clone())));
                continue;
            }
            Err(detail) => {
                errors.push(error("malformed", detail));
                continue;
            }
        };
        if seen.insert(product.sku().map(str::to_owned)) {
            rows.push(Row { row, product });
        } else {
            errors.push(error("duplicate-sku", "an earlier row has this sku".to_owned()));
        }
    }
    Ok((rows, errors))
}

/// The columns of an export, which an import takes.
const COLUMNS: [&str; 8] =
    ["sku", "name", "description", "category", "basePrice", "stockQuantity", "lowStockThreshold", "status"];

/// Writes products, as the database told them in a JSON array. The header of CSV is on the first page only.
///
/// # Errors
/// A message for the log: a defect of ours.
pub fn write(format: Format, products: &str, is_first_page: bool) -> Result<String, String> {
    let products: Vec<Map<String, Value>> =
        serde_json::from_str(products).map_err(|error| error.to_string())?;
    if format == Format::Ndjson {
        let lines = products.into_iter().map(|product| format!("{}\n", Value::Object(product)));
        return Ok(lines.collect());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = is_first_page.then(|| COLUMNS.map(str::to_owned));
    let rows = products.iter().map(|product| {
        COLUMNS.map(|column| match product.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        })
    });
    for row in header.into_iter().chain(rows) {
        writer.write_record(row).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn json_rows(text: &str) -> Vec<Result<Value, String>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|error| format!("is not JSON: {error}"))).collect()
}

fn csv_rows(text: &str) -> Result<Vec<Result<Value, String>>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| Unreadable::Header)?.clone();
    let has = |name: &str| header.iter().any(|field| field == name);
    if !(has("sku") && has("name") && has("basePrice") && (has("category") || has("categoryId"))) {
        return Err(Unreadable::Header);
    }
    let read = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|error| format!("is not CSV: {error}"))?;
        // An empty cell is a field that is not there.
        let cells = header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let fields = cells.map(|(name, cell)| (name.to_owned(), cell_value(name, cell)));
        Ok(Value::Object(fields.collect::<Map<_, _>>()))
    };
    Ok(reader.records().map(read).collect())
}

/// Everything in CSV is text; what is a whole number in JSON is read as one.
fn cell_value(name: &str, cell: &str) -> Value {
    match (name, cell.parse::<i64>()) {
        ("stockQuantity" | "lowStockThreshold" | "categoryId", Ok(number)) => Value::from(number),
        _ => Value::from(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(format: Format, file: &str) -> (Vec<usize>, Vec<(usize, String)>) {
        let (rows, errors) = read(format, file.as_bytes()).unwrap();
        let errors = errors.into_iter().map(|error| (error.row, error.code)).collect();
        (rows.into_iter().map(|row| row.row).collect(), errors)
    }

    #[test]
    fn the_two_formats_say_the_same() {
        let csv = "sku,name,category,basePrice,stockQuantity,description\r\n\
                   a-1,\"Lamp, \"\"bright\"\"\",home,12.50,3,\"two\nlines\"\r\n\
                   a-2,Plain,home,1,,\r\n";
        let ndjson = "{\"sku\":\"A-1\",\"name\":\"Lamp, \\\"bright\\\"\",\"category\":\"home\",\"basePrice\":12.5,\
                      \"stockQuantity\":3,\"description\":\"two\\nlines\"}\n\n\
                      {\"sku\":\"A-2\",\"name\":\"Plain\",\"category\":\"home\",\"basePrice\":\"1.00\"}";
        let (from_csv, errors) = read(Format::Csv, csv.as_bytes()).unwrap();
        assert_eq!(errors, []);
        assert_eq!(read(Format::Ndjson, ndjson.as_bytes()).unwrap().0, from_csv);
        assert_eq!(from_csv.len(), 2);
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let products = r#"[{"sku":"A-1","name":"Lamp, \"bright\"","description":"two\nlines","category":"home",
            "basePrice":12.50,"stockQuantity":3,"lowStockThreshold":5,"status":"active"}]"#;
        let ndjson = write(Format::Ndjson, products, true).unwrap();
        let csv = write(Format::Csv, products, true).unwrap();
        let (rows, errors) = read(Format::Csv, csv.as_bytes()).unwrap();
        assert_eq!((rows.len(), errors), (1, vec![]));
        assert_eq!(read(Format::Ndjson, ndjson.as_bytes()).unwrap().0, rows);
        let next_page = write(Format::Csv, products, false).unwrap();
        assert!(csv.ends_with(&next_page) && next_page.starts_with("A-1,"), "{next_page}");
    }

    #[test]
    fn a_row_that_is_wrong_is_named_and_the_others_are_read() {
        let csv = "sku,name,category,basePrice,color\n\
                   a-1,Lamp,home,12.50,\n\
                   ,Lamp,home,free,\n\
                   A-1,Again,home,1,\n\
                   a-3,Red,home,1,red\n\
                   a-4,Short\n";
        let (rows, errors) = told(Format::Csv, csv);
        assert_eq!(rows, [1]);
        let errors: Vec<_> = errors.iter().map(|(row, code)| (*row, code.as_str())).collect();
        let expected =
            [(2, "required"), (2, "invalid"), (3, "duplicate-sku"), (4, "unknown-field"), (5, "malformed")];
        assert_eq!(errors, expected);
        let (rows, errors) = told(Format::Ndjson, "{\n[]\n7\n{}");
        assert_eq!((rows.len(), errors[0].1.as_str()), (0, "malformed"));
    }

    #[test]
    fn a_file_that_is_none_is_refused_as_a_whole() {
        assert_eq!(read(Format::Csv, b"\xff\xfe").unwrap_err(), Unreadable::NotText);
        for header in ["", "sku,name\n", "a,b,c\n1,2,3\n"] {
            assert_eq!(read(Format::Csv, header.as_bytes()).unwrap_err(), Unreadable::Header, "{header:?}");
        }
        let many = "{}\n".repeat(MAX_ROWS + 1);
        assert_eq!(read(Format::Ndjson, many.as_bytes()).unwrap_err(), Unreadable::TooManyRows);
        assert_eq!(read(Format::Ndjson, b"").unwrap().0, []);
    }
}
