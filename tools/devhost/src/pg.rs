//! Implements `spin:postgres` with the driver that Spin uses, and with the same errors.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use crate::bindings::spin::postgres::postgres::{
    Column, DbError, Error, Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore,
    HostConnectionWithStore, ParameterValue, QueryError, Row, RowSet,
};
use crate::guest::{Platform, View};
use crate::pgtypes::{columns, parameters, read_row};
use crate::pool::{Client, open};

/// A connection of a guest.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Connection(Arc<Client>);

/// A connection builder of a guest: the address to connect to.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Builder(String);

type Rows = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

async fn execute(client: &Client, statement: &str, params: Vec<ParameterValue>) -> Result<u64, Error> {
    let params = parameters(params).map_err(Error::ValueConversionFailed)?;
    client.record_start(statement);
    let count = client.object()?.execute_raw(statement, params).await.map_err(failed)?;
    client.record_success(statement);
    Ok(count)
}

/// Returns all rows, and the error that ended the result early. The rows are collected in memory, not streamed.
async fn query(
    client: &Client,
    statement: &str,
    params: Vec<ParameterValue>,
) -> Result<(Vec<Column>, Vec<Row>, Result<(), Error>), Error> {
    let params = parameters(params).map_err(Error::BadParameter)?;
    client.record_start(statement);
    let mut found = std::pin::pin!(client.object()?.query_raw(statement, params).await.map_err(failed)?);
    let (mut head, mut rows) = (Vec::new(), Vec::new());
    let end = loop {
        let row = match found.try_next().await {
            Ok(Some(row)) => row,
            Ok(None) => break Ok(()),
            Err(error) => break Err(failed(error)),
        };
        // Spin reads the columns from the first row, so an empty result has none.
        if rows.is_empty() {
            head = columns(&row);
        }
        match read_row(&row) {
            Ok(row) => rows.push(row),
            Err(message) => break Err(Error::QueryFailed(QueryError::Text(message))),
        }
    };
    if end.is_ok() {
        client.record_success(statement);
    }
    Ok((head, rows, end))
}

fn failed(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(as_text),
        Some(error) => QueryError::DbError(DbError {
            as_text,
            severity: error.severity().to_owned(),
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            extras: extras(error),
        }),
    })
}

fn extras(error: &tokio_postgres::error::DbError) -> Vec<(String, String)> {
    let line = error.line().map(|line| line.to_string());
    let all = [
        ("column", error.column()),
        ("constraint", error.constraint()),
        ("routine", error.routine()),
        ("hint", error.hint()),
        ("table", error.table()),
        ("datatype", error.datatype()),
        ("schema", error.schema()),
        ("file", error.file()),
        ("line", line.as_deref()),
        ("where_", error.where_()),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}

impl Host for View<'_> {}

impl HostConnection for View<'_> {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        match open(self.component, &address).await {
            Ok(client) => Ok(Ok(self.table.push(Connection(Arc::new(client)))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query(
        &mut self,
        this: Resource<Connection>,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        let client = Arc::clone(&self.table.get(&this)?.0);
        let found = query(&client, &statement, params).await;
        Ok(found.and_then(|(columns, rows, end)| end.map(|()| RowSet { columns, rows })))
    }

    async fn execute(
        &mut self,
        this: Resource<Connection>,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let client = Arc::clone(&self.table.get(&this)?.0);
        Ok(execute(&client, &statement, params).await)
    }

    async fn drop(&mut self, this: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl<T: Send + 'static> HostConnectionWithStore<T> for Platform {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let component = accessor.with(|mut access| Arc::clone(access.get().component));
        match open(&component, &address).await {
            Ok(client) => {
                let connection = Connection(Arc::new(client));
                Ok(Ok(accessor.with(|mut access| access.get().table.push(connection))?))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        this: Resource<Connection>,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<Rows, Error>> {
        let client = borrow(accessor, &this)?;
        let (columns, rows, end) = match query(&client, &statement, params).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            let end = FutureReader::new(&mut access, async move { wasmtime::error::Ok(end) })?;
            Ok(Ok((columns, rows, end)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        this: Resource<Connection>,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let client = borrow(accessor, &this)?;
        Ok(execute(&client, &statement, params).await)
    }
}

fn borrow<T: 'static>(
    accessor: &Accessor<T, Platform>,
    this: &Resource<Connection>,
) -> wasmtime::Result<Arc<Client>> {
    accessor.with(|mut access| Ok(Arc::clone(&access.get().table.get(this)?.0)))
}

impl HostConnectionBuilder for View<'_> {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<Builder>> {
        Ok(self.table.push(Builder(address))?)
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(Err(Error::Other("devhost connects to PostgreSQL without TLS".to_owned())))
    }

    async fn build(
        &mut self,
        this: Resource<Builder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let address = self.table.get(&this)?.0.clone();
        HostConnection::open(self, address).await
    }

    async fn drop(&mut self, this: Resource<Builder>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl<T: Send + 'static> HostConnectionBuilderWithStore<T> for Platform {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        this: Resource<Builder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let address =
            accessor.with(|mut access| access.get().table.get(&this).map(|builder| builder.0.clone()))?;
        Self::open_async(accessor, address).await
    }
}
