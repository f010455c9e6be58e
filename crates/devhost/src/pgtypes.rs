//! Values between PostgreSQL and a guest: those that Spin converts, and the refusal of those that it refuses.

use std::error::Error as StdError;

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::bindings::spin::postgres::postgres::{Column, DbDataType, DbValue, Error, ParameterValue, Row};

type Parameter = Box<dyn ToSql + Sync + Send>;

pub(crate) fn parameters(values: Vec<ParameterValue>) -> Result<Vec<Parameter>, Error> {
    values.into_iter().map(parameter).collect()
}

fn parameter(value: ParameterValue) -> Result<Parameter, Error> {
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
        ParameterValue::DbNull => Box::new(Null),
        other => {
            let told = format!("devhost does not pass this type of parameter, cast it in SQL: {other:?}");
            return Err(Error::ValueConversionFailed(told));
        }
    })
}

/// NULL of whatever type the statement infers.
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
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => DbDataType::Str,
            Type::BYTEA => DbDataType::Binary,
            ref other => DbDataType::Other(other.name().to_owned()),
        },
    };
    row.columns().iter().map(column).collect()
}

pub(crate) fn read_row(row: &tokio_postgres::Row) -> Result<Row, Error> {
    (0..row.len()).map(|index| read(row, index)).collect()
}

fn read(row: &tokio_postgres::Row, index: usize) -> Result<DbValue, Error> {
    let kind = row.columns().get(index).map_or(&Type::UNKNOWN, |column| column.type_());
    match *kind {
        Type::BOOL => convert(row, index, DbValue::Boolean),
        Type::INT2 => convert(row, index, DbValue::Int16),
        Type::INT4 => convert(row, index, DbValue::Int32),
        Type::INT8 => convert(row, index, DbValue::Int64),
        Type::FLOAT4 => convert(row, index, DbValue::Floating32),
        Type::FLOAT8 => convert(row, index, DbValue::Floating64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => convert(row, index, DbValue::Str),
        Type::BYTEA => convert(row, index, DbValue::Binary),
        // Seen on Spin: it tries a time without a zone and fails.
        Type::TIMESTAMPTZ => Err(Error::ValueConversionFailed(
            "cannot convert timestamptz; cast it in SQL, to text for example".to_owned(),
        )),
        _ => convert(row, index, |Raw(bytes)| DbValue::Unsupported(bytes)),
    }
}

fn convert<'r, T: FromSql<'r>>(
    row: &'r tokio_postgres::Row,
    index: usize,
    wrap: impl FnOnce(T) -> DbValue,
) -> Result<DbValue, Error> {
    let value: Option<T> =
        row.try_get(index).map_err(|error| Error::ValueConversionFailed(error.to_string()))?;
    Ok(value.map_or(DbValue::DbNull, wrap))
}

/// The bytes of any type.
struct Raw(Vec<u8>);

impl<'r> FromSql<'r> for Raw {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
