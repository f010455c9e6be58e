//! Converts values between PostgreSQL and a guest, with the libraries that Spin uses, so that the same values are rejected.
//! Ranges and intervals are not supported, because the shop has none.

use std::error::Error as StdError;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use uuid::Uuid;

use crate::bindings::spin::postgres::postgres::{Column, DbDataType, DbValue, ParameterValue, Row};

type Parameter = Box<dyn ToSql + Sync + Send>;

pub(crate) fn parameters(values: Vec<ParameterValue>) -> Result<Vec<Parameter>, String> {
    values.into_iter().map(parameter).collect()
}

fn parameter(value: ParameterValue) -> Result<Parameter, String> {
    Ok(match value {
        ParameterValue::Boolean(value) => Box::new(value),
        ParameterValue::Int8(value) => Box::new(value),
        ParameterValue::Int16(value) => Box::new(value),
        ParameterValue::Int32(value) => Box::new(value),
        ParameterValue::Int64(value) => Box::new(value),
        ParameterValue::Floating32(value) => Box::new(value),
        ParameterValue::Floating64(value) => Box::new(value),
        ParameterValue::Str(value) => Box::new(value),
        ParameterValue::Binary(value) => Box::new(value),
        ParameterValue::Date((year, month, day)) => Box::new(date(year, month, day)?),
        ParameterValue::Time((hour, minute, second, nanos)) => Box::new(time(hour, minute, second, nanos)?),
        ParameterValue::Datetime((year, month, day, hour, minute, second, nanos)) => {
            Box::new(date(year, month, day)?.and_time(time(hour, minute, second, nanos)?))
        }
        ParameterValue::Timestamp(seconds) => {
            let instant = DateTime::<Utc>::from_timestamp(seconds, 0);
            Box::new(instant.ok_or_else(|| format!("{seconds} is not a time"))?)
        }
        ParameterValue::Uuid(text) => {
            Box::new(Uuid::parse_str(&text).map_err(|error| format!("{text:?}: {error}"))?)
        }
        ParameterValue::Jsonb(json) => {
            let json: serde_json::Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
            Box::new(json)
        }
        ParameterValue::Decimal(text) => Box::new(decimal(&text)?),
        ParameterValue::ArrayInt32(values) => Box::new(values),
        ParameterValue::ArrayInt64(values) => Box::new(values),
        ParameterValue::ArrayStr(values) => Box::new(values),
        ParameterValue::ArrayDecimal(values) => {
            let each = values.into_iter().map(|value| value.as_deref().map(decimal).transpose());
            Box::new(each.collect::<Result<Vec<_>, _>>()?)
        }
        ParameterValue::DbNull => Box::new(Null),
        other @ (ParameterValue::RangeInt32(_)
        | ParameterValue::RangeInt64(_)
        | ParameterValue::RangeDecimal(_)
        | ParameterValue::Interval(_)) => {
            return Err(format!("devhost does not pass this type of parameter, cast it in SQL: {other:?}"));
        }
    })
}

fn date(year: i32, month: u8, day: u8) -> Result<NaiveDate, String> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .ok_or_else(|| format!("{year}-{month}-{day} is not a date"))
}

fn time(hour: u8, minute: u8, second: u8, nanos: u32) -> Result<NaiveTime, String> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanos)
        .ok_or_else(|| format!("{hour}:{minute}:{second} is not a time of day"))
}

fn decimal(text: &str) -> Result<Decimal, String> {
    Decimal::from_str_exact(text).map_err(|error| format!("{text:?}: {error}"))
}

/// NULL of any type.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(crate) fn columns(row: &tokio_postgres::Row) -> Vec<Column> {
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: match *column.type_() {
            Type::BOOL => DbDataType::Boolean,
            Type::INT2 => DbDataType::Int16,
            Type::INT4 => DbDataType::Int32,
            Type::INT8 => DbDataType::Int64,
            Type::FLOAT4 => DbDataType::Floating32,
            Type::FLOAT8 => DbDataType::Floating64,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
            Type::BYTEA => DbDataType::Binary,
            Type::DATE => DbDataType::Date,
            Type::TIME => DbDataType::Time,
            Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
            Type::UUID => DbDataType::Uuid,
            Type::JSONB => DbDataType::Jsonb,
            Type::NUMERIC => DbDataType::Decimal,
            Type::INT4_ARRAY => DbDataType::ArrayInt32,
            Type::INT8_ARRAY => DbDataType::ArrayInt64,
            Type::NUMERIC_ARRAY => DbDataType::ArrayDecimal,
            Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
            ref other => DbDataType::Other(other.name().to_owned()),
        },
    };
    row.columns().iter().map(column).collect()
}

pub(crate) fn read_row(row: &tokio_postgres::Row) -> Result<Row, String> {
    (0..row.len()).map(|index| read(row, index)).collect()
}

fn read(row: &tokio_postgres::Row, index: usize) -> Result<DbValue, String> {
    let kind = row.columns().get(index).map_or(&Type::UNKNOWN, |column| column.type_());
    match *kind {
        Type::BOOL => convert(row, index, DbValue::Boolean),
        Type::INT2 => convert(row, index, DbValue::Int16),
        Type::INT4 => convert(row, index, DbValue::Int32),
        Type::INT8 => convert(row, index, DbValue::Int64),
        Type::FLOAT4 => convert(row, index, DbValue::Floating32),
        Type::FLOAT8 => convert(row, index, DbValue::Floating64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => convert(row, index, DbValue::Str),
        Type::BYTEA => convert(row, index, DbValue::Binary),
        Type::DATE => convert(row, index, |date| DbValue::Date(date_parts(date))),
        Type::TIME => convert(row, index, |time| DbValue::Time(time_parts(time))),
        // Spin reads both as a time without a zone, and the driver then rejects the one with a zone.
        Type::TIMESTAMP | Type::TIMESTAMPTZ => convert(row, index, |both: NaiveDateTime| {
            let ((year, month, day), (hour, minute, second, nanos)) =
                (date_parts(both.date()), time_parts(both.time()));
            DbValue::Datetime((year, month, day, hour, minute, second, nanos))
        }),
        Type::UUID => convert(row, index, |uuid: Uuid| DbValue::Uuid(uuid.to_string())),
        Type::JSONB => {
            convert(row, index, |json: serde_json::Value| DbValue::Jsonb(json.to_string().into_bytes()))
        }
        Type::NUMERIC => convert(row, index, |number: Decimal| DbValue::Decimal(number.to_string())),
        Type::INT4_ARRAY => convert(row, index, DbValue::ArrayInt32),
        Type::INT8_ARRAY => convert(row, index, DbValue::ArrayInt64),
        Type::NUMERIC_ARRAY => convert(row, index, |numbers: Vec<Option<Decimal>>| {
            let text = |number: Option<Decimal>| number.map(|number| number.to_string());
            DbValue::ArrayDecimal(numbers.into_iter().map(text).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => convert(row, index, DbValue::ArrayStr),
        _ => convert(row, index, |Raw(bytes)| DbValue::Unsupported(bytes)),
    }
}

fn convert<'r, T: FromSql<'r>>(
    row: &'r tokio_postgres::Row,
    index: usize,
    wrap: impl FnOnce(T) -> DbValue,
) -> Result<DbValue, String> {
    let value: Option<T> = row.try_get(index).map_err(|error| error.to_string())?;
    Ok(value.map_or(DbValue::DbNull, wrap))
}

fn date_parts(date: NaiveDate) -> (i32, u8, u8) {
    (date.year(), small(date.month()), small(date.day()))
}

fn time_parts(time: NaiveTime) -> (u8, u8, u8, u32) {
    (small(time.hour()), small(time.minute()), small(time.second()), time.nanosecond())
}

/// Converts a part of a date or of a time of day, which is at most 59.
fn small(part: u32) -> u8 {
    u8::try_from(part).unwrap_or(u8::MAX)
}

/// A value of any type as bytes.
struct Raw(Vec<u8>);

impl<'r> FromSql<'r> for Raw {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
