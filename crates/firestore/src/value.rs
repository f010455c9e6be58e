//! Firestore's typed values from and to plain JSON.
//!
//! Strings, whole numbers, booleans, null, lists and maps keep their type. A fraction is rejected: money is whole minor
//! units. A member whose name ends in `At` and that holds RFC 3339 is a Firestore timestamp, as TTL policies and indexes
//! require; every time in the shop has such a name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The fields of a document in Firestore's form.
pub type Fields = Map<String, Value>;

/// A value cannot be stored in a document, or a document has another shape than its reader expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(String);

impl From<&str> for ValueError {
    fn from(cause: &str) -> Self {
        Self(cause.to_owned())
    }
}

/// Encodes a struct or a map.
///
/// # Errors
/// Rejects a value that is not an object or holds a fraction.
pub fn to_fields(value: &impl Serialize) -> Result<Fields, ValueError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => encode_members(members),
        Ok(_) => Err(ValueError("a document is an object".to_owned())),
        Err(error) => Err(ValueError(error.to_string())),
    }
}

/// Decodes the fields of a document.
///
/// # Errors
/// Rejects a missing field, a field of another type, and a fraction.
pub fn from_fields<T: DeserializeOwned>(fields: Fields) -> Result<T, ValueError> {
    let members = decode_members(fields)?;
    serde_json::from_value(Value::Object(members)).map_err(|error| ValueError(error.to_string()))
}

fn encode_members(members: Map<String, Value>) -> Result<Fields, ValueError> {
    members.into_iter().map(|(name, value)| Ok((name.clone(), encode(&name, value)?))).collect()
}

/// Encodes one value. The name of its field decides whether a string is a time.
///
/// # Errors
/// Rejects a fraction.
pub fn encode(name: &str, value: Value) -> Result<Value, ValueError> {
    Ok(match value {
        Value::Null => json!({ "nullValue": null }),
        Value::Bool(value) => json!({ "booleanValue": value }),
        Value::Number(number) => match number.as_i64() {
            Some(number) => json!({ "integerValue": number.to_string() }),
            None => return Err(ValueError(format!("{name}: {number} is not a whole number"))),
        },
        Value::String(text) if name.ends_with("At") && kernel::Timestamp::parse(&text).is_some() => {
            json!({ "timestampValue": text })
        }
        Value::String(text) => json!({ "stringValue": text }),
        Value::Array(items) => {
            let items: Vec<Value> =
                items.into_iter().map(|item| encode("", item)).collect::<Result<_, _>>()?;
            json!({ "arrayValue": { "values": items } })
        }
        Value::Object(members) => json!({ "mapValue": { "fields": encode_members(members)? } }),
    })
}

fn decode_members(fields: Fields) -> Result<Map<String, Value>, ValueError> {
    fields.into_iter().map(|(name, value)| Ok((name.clone(), decode(&name, value)?))).collect()
}

fn decode(name: &str, value: Value) -> Result<Value, ValueError> {
    let unreadable = |what: &str| ValueError(format!("{name}: {what}"));
    let Value::Object(typed) = value else { return Err(unreadable("not a Firestore value")) };
    let Some((kind, value)) = typed.into_iter().next() else {
        return Err(unreadable("a value without a type"));
    };
    match (kind.as_str(), value) {
        ("nullValue", _) => Ok(Value::Null),
        ("booleanValue" | "stringValue" | "timestampValue", value) => Ok(value),
        ("integerValue", value) => {
            let digits = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            digits.parse::<i64>().map(Value::from).map_err(|_| unreadable("not a whole number"))
        }
        ("arrayValue", value) => {
            let items = match value {
                Value::Object(mut array) => array.remove("values"),
                _ => None,
            };
            // Firestore leaves `values` out of an empty list.
            let Value::Array(items) = items.unwrap_or_else(|| json!([])) else {
                return Err(unreadable("not a list"));
            };
            items.into_iter().map(|item| decode(name, item)).collect::<Result<_, _>>().map(Value::Array)
        }
        ("mapValue", value) => {
            let fields = match value {
                Value::Object(mut map) => map.remove("fields"),
                _ => None,
            };
            let Value::Object(fields) = fields.unwrap_or_else(|| json!({})) else {
                return Err(unreadable("not a map"));
            };
            decode_members(fields).map(Value::Object)
        }
        (kind, _) => Err(unreadable(&format!("a {kind} is not expected in this shop"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z]{1,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_plain_value_survives_its_encoding(value in plain()) {
            let fields = to_fields(&json!({ "field": value.clone() })).unwrap();
            let read: Map<String, Value> = from_fields(fields).unwrap();
            prop_assert_eq!(&read["field"], &value);
        }
    }

    #[test]
    fn times_are_timestamps_and_fractions_are_rejected() {
        let fields =
            to_fields(&json!({ "createdAt": "2026-01-01T00:00:00Z", "name": "2026-01-01T00:00:00Z" }))
                .unwrap();
        assert_eq!(fields["createdAt"], json!({ "timestampValue": "2026-01-01T00:00:00Z" }));
        assert_eq!(fields["name"], json!({ "stringValue": "2026-01-01T00:00:00Z" }));
        assert!(to_fields(&json!({ "price": 1.5 })).is_err());
        let double = Fields::from_iter([("price".to_owned(), json!({ "doubleValue": 1.5 }))]);
        assert!(from_fields::<Value>(double).is_err());
    }
}
