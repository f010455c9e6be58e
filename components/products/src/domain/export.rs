//! Exports: the catalog as a file that an import reads.

use serde_json::{Map, Value};

use super::import::Format;

/// The columns of a CSV export.
const COLUMNS: [&str; 8] =
    ["sku", "name", "description", "category", "basePrice", "stockQuantity", "lowStockThreshold", "status"];

/// The answer of the database cannot be written as a file: a defect of this service.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the products: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the file: {0}")]
    Csv(#[from] csv::Error),
    #[error("the file: {0}")]
    Text(#[from] std::string::FromUtf8Error),
    #[error("the file: {0}")]
    Buffer(String),
}

/// Writes a JSON array of products as a file. Only the first page of a CSV export has a header.
pub fn write(format: Format, products: &str, is_first_page: bool) -> Result<String, ExportError> {
    let products: Vec<Map<String, Value>> = serde_json::from_str(products)?;
    match format {
        Format::Csv => write_csv(&products, is_first_page),
        Format::Ndjson => Ok(products.into_iter().map(|row| format!("{}\n", Value::Object(row))).collect()),
    }
}

fn write_csv(products: &[Map<String, Value>], has_header: bool) -> Result<String, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if has_header {
        writer.write_record(COLUMNS)?;
    }
    for product in products {
        writer.write_record(COLUMNS.map(|column| cell(product.get(column))))?;
    }
    let bytes = writer.into_inner().map_err(|error| ExportError::Buffer(error.to_string()))?;
    Ok(String::from_utf8(bytes)?)
}

fn cell(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::import::parse;
    use super::*;

    #[test]
    fn an_exported_file_is_imported_unchanged() {
        let products = r#"[{"sku":"A-1","name":"Lamp, \"bright\"","description":"two\nlines","category":"home",
            "basePrice":12.50,"stockQuantity":3,"lowStockThreshold":5,"status":"active"}]"#;
        let ndjson = write(Format::Ndjson, products, true).unwrap();
        let csv = write(Format::Csv, products, true).unwrap();
        let parsed = parse(Format::Csv, csv.as_bytes()).unwrap();
        assert_eq!((parsed.rows.len(), parsed.errors), (1, vec![]));
        assert_eq!(parse(Format::Ndjson, ndjson.as_bytes()).unwrap().rows, parsed.rows);
        let next_page = write(Format::Csv, products, false).unwrap();
        assert!(csv.ends_with(&next_page) && next_page.starts_with("A-1,"), "{next_page}");
    }
}
