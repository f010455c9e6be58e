//! Runs `runQuery`: one collection, filters joined by AND, an order, a cursor and a limit.

use std::cmp::Ordering;

use kernel::Timestamp;
use serde_json::{Value, json};

use crate::indexes::Indexes;
use crate::status::Status;
use crate::store::{Document, Store};

type Found<'s> = (&'s String, &'s Document);

/// Runs a query below `parent`. If `indexes` are given, one of them must support it.
pub(crate) fn run(
    store: &Store,
    indexes: Option<&Indexes>,
    parent: &str,
    request: &Value,
    now: Timestamp,
) -> Result<Value, Status> {
    let query =
        request.get("structuredQuery").ok_or_else(|| Status::invalid("structuredQuery is missing"))?;
    let collection = query.pointer("/from/0/collectionId").and_then(Value::as_str);
    let collection = collection.ok_or_else(|| Status::invalid("from must name a collection"))?;
    let filters = filters(query.get("where"))?;
    let order: Vec<(&str, bool)> = list(query.get("orderBy")).map(read_order).collect::<Result<_, _>>()?;

    if let Some(indexes) = indexes {
        let paths = filters.iter().filter_map(|filter| filter.pointer("/field/fieldPath")?.as_str());
        let equal: Vec<&str> = paths.collect();
        indexes.check(collection, &equal, &order)?;
    }

    let mut found: Vec<Found<'_>> = Vec::new();
    for document in store.collection(parent, collection) {
        let matches =
            filters.iter().map(|filter| passes(document.1, filter)).collect::<Result<Vec<_>, _>>()?;
        // A document without a field of the order is not in the index of the order.
        let is_ordered =
            order.iter().all(|(field, _)| *field == "__name__" || document.1.fields.contains_key(*field));
        if is_ordered && matches.into_iter().all(|matches| matches) {
            found.push(document);
        }
    }
    found.sort_by(|one, other| compare(*one, *other, &order));
    if let Some(start) = query.get("startAt") {
        let values: Vec<&Value> = list(start.get("values")).collect();
        let is_before = start.get("before").and_then(Value::as_bool).unwrap_or(false);
        found.retain(|document| match compare_to_cursor(*document, &values, &order) {
            Ordering::Greater => true,
            Ordering::Equal => is_before,
            Ordering::Less => false,
        });
    }
    let number =
        |name: &str| query.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(usize::MAX));
    let items: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(limit)
        .map(|(name, document)| json!({ "document": document.to_json(name), "readTime": now }))
        .collect();
    Ok(if items.is_empty() { json!([{ "readTime": now }]) } else { Value::Array(items) })
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn filters(filter: Option<&Value>) -> Result<Vec<&Value>, Status> {
    let Some(filter) = filter else { return Ok(Vec::new()) };
    if let Some(field) = filter.get("fieldFilter") {
        return Ok(vec![field]);
    }
    let composite = filter.get("compositeFilter").ok_or_else(|| unsupported("this filter"))?;
    if composite.get("op").and_then(Value::as_str) != Some("AND") {
        return Err(unsupported("a filter other than AND"));
    }
    list(composite.get("filters"))
        .map(|filter| filter.get("fieldFilter").ok_or_else(|| unsupported("this filter")))
        .collect()
}

fn read_order(order: &Value) -> Result<(&str, bool), Status> {
    let field = order.pointer("/field/fieldPath").and_then(Value::as_str);
    let is_descending = order.get("direction").and_then(Value::as_str) == Some("DESCENDING");
    Ok((field.ok_or_else(|| Status::invalid("an order must have a field"))?, is_descending))
}

fn passes(document: &Document, filter: &Value) -> Result<bool, Status> {
    let field = filter.pointer("/field/fieldPath").and_then(Value::as_str);
    let field = field.ok_or_else(|| Status::invalid("a filter must have a field"))?;
    let operator = filter.get("op").and_then(Value::as_str).unwrap_or_default();
    let wanted = filter.get("value").ok_or_else(|| Status::invalid("a filter must have a value"))?;
    let Some(value) = document.fields.get(field) else { return Ok(false) };
    if operator == "IN" {
        let is_equal = |wanted| compare_values(value, wanted) == Some(Ordering::Equal);
        return Ok(list(wanted.pointer("/arrayValue/values")).any(is_equal));
    }
    // A range filter does not match values of other types.
    let Some(ordering) = compare_values(value, wanted) else { return Ok(false) };
    match operator {
        "EQUAL" => Ok(ordering.is_eq()),
        "LESS_THAN" => Ok(ordering.is_lt()),
        "LESS_THAN_OR_EQUAL" => Ok(ordering.is_le()),
        "GREATER_THAN" => Ok(ordering.is_gt()),
        "GREATER_THAN_OR_EQUAL" => Ok(ordering.is_ge()),
        _ => Err(unsupported("this operator")),
    }
}

fn compare(one: Found<'_>, other: Found<'_>, order: &[(&str, bool)]) -> Ordering {
    for (field, is_descending) in order {
        let ordering = match *field {
            "__name__" => one.0.cmp(other.0),
            field => match (one.1.fields.get(field), other.1.fields.get(field)) {
                (Some(one), Some(other)) => compare_values(one, other).unwrap_or(Ordering::Equal),
                _ => Ordering::Equal,
            },
        };
        if ordering.is_ne() {
            return if *is_descending { ordering.reverse() } else { ordering };
        }
    }
    // The name is the last sort key, in the direction of the previous one.
    let by_name = one.0.cmp(other.0);
    if order.last().is_some_and(|(_, is_descending)| *is_descending) { by_name.reverse() } else { by_name }
}

fn compare_to_cursor(document: Found<'_>, values: &[&Value], order: &[(&str, bool)]) -> Ordering {
    for (value, (field, is_descending)) in values.iter().zip(order) {
        let ordering = match *field {
            "__name__" => {
                value.get("referenceValue").and_then(Value::as_str).map(|name| document.0.as_str().cmp(name))
            }
            field => document.1.fields.get(field).and_then(|own| compare_values(own, value)),
        };
        let ordering = ordering.unwrap_or(Ordering::Equal);
        if ordering.is_ne() {
            return if *is_descending { ordering.reverse() } else { ordering };
        }
    }
    Ordering::Equal
}

/// Compares two values of the same type.
fn compare_values(one: &Value, other: &Value) -> Option<Ordering> {
    let both = |kind: &str| one.get(kind).zip(other.get(kind));
    let texts = |kind: &str| both(kind).and_then(|(one, other)| Some((one.as_str()?, other.as_str()?)));
    if let Some((one, other)) = texts("stringValue") {
        return Some(one.cmp(other));
    }
    if let Some((one, other)) = texts("integerValue") {
        return Some(one.parse::<i64>().ok()?.cmp(&other.parse::<i64>().ok()?));
    }
    if let Some((one, other)) = texts("timestampValue") {
        return Some(Timestamp::parse(one)?.cmp(&Timestamp::parse(other)?));
    }
    if let Some((one, other)) = both("booleanValue") {
        return Some(one.as_bool()?.cmp(&other.as_bool()?));
    }
    both("nullValue").map(|_| Ordering::Equal)
}

fn unsupported(what: &str) -> Status {
    Status::new("UNIMPLEMENTED", format!("the emulator does not support {what}"))
}
