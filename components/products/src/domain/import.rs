//! Imports: files with one product per row, identified by SKU.

use std::collections::BTreeSet;

use kernel::fields::Fields;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::changes::Changes;
use super::limits::MAX_IMPORT_ROWS;
use super::product::read_imported_product;

/// The format of an import or an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header that names the fields.
    Csv,
    /// One JSON object per line.
    Ndjson,
}

/// A row that can be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Counted from 1, without the header.
    pub row: usize,
    pub product: Changes,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    pub row: usize,
    /// A stable code for programs.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}

/// The result of an import.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub created: i64,
    pub updated: i64,
    /// Products that already equal their row.
    pub unchanged: i64,
    pub errors: Vec<RowError>,
}

/// The rows of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ParsedFile {
    pub rows: Vec<Row>,
    pub errors: Vec<RowError>,
}

/// The file as a whole cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFile {
    #[error("the file is not UTF-8")]
    NotText,
    #[error("the header must name sku, name, basePrice, and category or categoryId")]
    Header,
    #[error("a file may have at most 10000 rows; send the rest in another one")]
    TooManyRows,
}

impl Format {
    /// Returns the format of a media type.
    #[must_use]
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

impl Report {
    /// Adds the result of another batch.
    pub fn add(&mut self, other: Self) {
        self.created = self.created.saturating_add(other.created);
        self.updated = self.updated.saturating_add(other.updated);
        self.unchanged = self.unchanged.saturating_add(other.unchanged);
        self.errors.extend(other.errors);
    }
}

/// Parses a file into the rows that can be imported and the faults of the others.
pub fn parse(format: Format, file: &[u8]) -> Result<ParsedFile, InvalidFile> {
    let text = std::str::from_utf8(file).map_err(|_| InvalidFile::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let values = match format {
        Format::Csv => csv_rows(text)?,
        Format::Ndjson => json_rows(text),
    };
    if values.len() > MAX_IMPORT_ROWS {
        return Err(InvalidFile::TooManyRows);
    }
    let (mut parsed, mut skus) = (ParsedFile::default(), BTreeSet::new());
    for (index, value) in values.into_iter().enumerate() {
        parsed.add(index.saturating_add(1), value, &mut skus);
    }
    Ok(parsed)
}

impl ParsedFile {
    /// Adds a row, or its faults. The first row of a SKU is imported.
    fn add(&mut self, row: usize, value: Result<Value, String>, skus: &mut BTreeSet<Option<String>>) {
        let error = |code: &str, detail: String| RowError { row, code: code.to_owned(), detail };
        let value = match value {
            Ok(value) => value,
            Err(detail) => return self.errors.push(error("malformed", detail)),
        };
        match Fields::from_value(value).and_then(read_imported_product) {
            Ok(product) if skus.insert(product.sku().map(str::to_owned)) => {
                self.rows.push(Row { row, product });
            }
            Ok(_) => self.errors.push(error("duplicate-sku", "an earlier row has this sku".to_owned())),
            Err(faults) => {
                self.errors.extend(faults.0.into_iter().map(|fault| error(fault.code, fault.detail)));
            }
        }
    }
}

fn json_rows(text: &str) -> Vec<Result<Value, String>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|error| format!("is not JSON: {error}"))).collect()
}

fn csv_rows(text: &str) -> Result<Vec<Result<Value, String>>, InvalidFile> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| InvalidFile::Header)?.clone();
    let has = |name: &str| header.iter().any(|field| field == name);
    if !(has("sku") && has("name") && has("basePrice") && (has("category") || has("categoryId"))) {
        return Err(InvalidFile::Header);
    }
    let read = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|error| format!("is not CSV: {error}"))?;
        // An empty cell is an absent field.
        let cells = header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let fields = cells.map(|(name, cell)| (name.to_owned(), cell_value(name, cell)));
        Ok(Value::Object(fields.collect::<Map<_, _>>()))
    };
    Ok(reader.records().map(read).collect())
}

/// Converts a CSV cell to JSON: a string, except for the fields that are whole numbers.
fn cell_value(name: &str, cell: &str) -> Value {
    match (name, cell.parse::<i64>()) {
        ("stockQuantity" | "lowStockThreshold" | "categoryId", Ok(number)) => Value::from(number),
        _ => Value::from(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: Format, file: &str, rows: &[usize], errors: &[(usize, &str)]) {
        let parsed = parse(format, file.as_bytes()).unwrap();
        assert_eq!(parsed.rows.iter().map(|row| row.row).collect::<Vec<_>>(), rows);
        let found: Vec<_> = parsed.errors.iter().map(|error| (error.row, error.code.as_str())).collect();
        assert_eq!(found, errors);
    }

    #[test]
    fn the_two_formats_are_equivalent() {
        let csv = "sku,name,category,basePrice,stockQuantity,description\r\n\
                   a-1,\"Lamp, \"\"bright\"\"\",home,12.50,3,\"two\nlines\"\r\n\
                   a-2,Plain,home,1,,\r\n";
        let ndjson = "{\"sku\":\"A-1\",\"name\":\"Lamp, \\\"bright\\\"\",\"category\":\"home\",\"basePrice\":12.5,\
                      \"stockQuantity\":3,\"description\":\"two\\nlines\"}\n\n\
                      {\"sku\":\"A-2\",\"name\":\"Plain\",\"category\":\"home\",\"basePrice\":\"1.00\"}";
        let from_csv = parse(Format::Csv, csv.as_bytes()).unwrap();
        assert_eq!(from_csv.errors, []);
        assert_eq!(parse(Format::Ndjson, ndjson.as_bytes()).unwrap().rows, from_csv.rows);
        assert_eq!(from_csv.rows.len(), 2);
    }

    #[test]
    fn a_wrong_row_is_reported_and_the_others_are_read() {
        let csv = "sku,name,category,basePrice,color\n\
                   a-1,Lamp,home,12.50,\n\
                   ,Lamp,home,free,\n\
                   A-1,Again,home,1,\n\
                   a-3,Red,home,1,red\n\
                   a-4,Short\n";
        let errors =
            [(2, "required"), (2, "invalid"), (3, "duplicate-sku"), (4, "unknown-field"), (5, "malformed")];
        check(Format::Csv, csv, &[1], &errors);
        let parsed = parse(Format::Ndjson, b"{\n[]\n7\n{}").unwrap();
        assert_eq!((parsed.rows.len(), parsed.errors[0].code.as_str()), (0, "malformed"));
    }

    #[test]
    fn an_unreadable_file_is_rejected_as_a_whole() {
        assert_eq!(parse(Format::Csv, b"\xff\xfe"), Err(InvalidFile::NotText));
        for header in ["", "sku,name\n", "a,b,c\n1,2,3\n"] {
            assert_eq!(parse(Format::Csv, header.as_bytes()), Err(InvalidFile::Header), "{header:?}");
        }
        let many = "{}\n".repeat(MAX_IMPORT_ROWS + 1);
        assert_eq!(parse(Format::Ndjson, many.as_bytes()), Err(InvalidFile::TooManyRows));
        assert_eq!(parse(Format::Ndjson, b"").unwrap().rows, []);
    }
}
