//! `spin:postgres` on the pool and the driver that Spin uses, with its settings.
//!
//! As on Spin, a transaction that is left open goes back to the pool open. That is not mended here: what would break there
//! has to break here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::TryStreamExt as _;
use tokio_postgres::NoTls;
use tokio_postgres::config::Host as PgHost;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use crate::bindings::spin::postgres::postgres::{
    Column, DbError, Error, Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore,
    HostConnectionWithStore, ParameterValue, QueryError, Row, RowSet,
};
use crate::guest::{Component, Platform, View};
use crate::pgtypes::{columns, parameters, read_row};

/// A connection that a guest holds.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Connection(Arc<Object>);

/// The address that a guest wants to open with options.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Builder(String);

/// Spin's pool size for each component and address.
const POOL_SIZE: usize = 64;

/// Spin waits without end for a free connection. Here that would hide a leak until somebody loses patience.
const POOL_WAIT: Duration = Duration::from_secs(30);

/// The pools of a component by address.
#[derive(Default)]
pub(crate) struct Pools(Mutex<BTreeMap<String, Pool>>);

impl std::fmt::Debug for Pools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pools(..)")
    }
}

type Rows = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

async fn open(component: &Component, address: &str) -> Result<Connection, Error> {
    let config: tokio_postgres::Config = address
        .parse()
        .map_err(|error| Error::ConnectionFailed(format!("the address cannot be read: {error}")))?;
    for (index, host) in config.get_hosts().iter().enumerate() {
        let PgHost::Tcp(host) = host else {
            return Err(Error::ConnectionFailed("unix sockets are not reachable".to_owned()));
        };
        let ports = config.get_ports();
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        if !component.allowed_hosts.allows("postgres", host, port) {
            let told = format!("address postgres://{host}:{port} is not permitted");
            return Err(Error::ConnectionFailed(told));
        }
    }
    let pool = component.pools.at(address, config);
    let connection = pool.get().await.map_err(|error| Error::ConnectionFailed(format!("{error:?}")))?;
    Ok(Connection(Arc::new(connection)))
}

impl Pools {
    fn at(&self, address: &str, config: tokio_postgres::Config) -> Pool {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Clean };
            let manager = Manager::from_config(config, NoTls, manager_config);
            let builder = Pool::builder(manager).max_size(POOL_SIZE).runtime(Runtime::Tokio1);
            builder.wait_timeout(Some(POOL_WAIT)).build()
        };
        match pools.get(address) {
            Some(pool) => pool.clone(),
            #[expect(
                clippy::expect_used,
                reason = "fails only for timeouts without a runtime, and there is one"
            )]
            None => pools.entry(address.to_owned()).or_insert(make().expect("a runtime is set")).clone(),
        }
    }
}

async fn execute(client: &Object, statement: &str, params: Vec<ParameterValue>) -> Result<u64, Error> {
    client.execute_raw(statement, parameters(params)?).await.map_err(failed)
}

/// All rows, and the error that ended them early. A development tool may keep them all.
async fn query(
    client: &Object,
    statement: &str,
    params: Vec<ParameterValue>,
) -> Result<(Vec<Column>, Vec<Row>, Result<(), Error>), Error> {
    let mut found = std::pin::pin!(client.query_raw(statement, parameters(params)?).await.map_err(failed)?);
    let (mut head, mut rows) = (Vec::new(), Vec::new());
    let end = loop {
        match found.try_next().await {
            // Spin learns the columns from the first row, so an empty result has none.
            Ok(Some(row)) if rows.is_empty() => {
                head = columns(&row);
                rows.push(read_row(&row)?);
            }
            Ok(Some(row)) => rows.push(read_row(&row)?),
            Ok(None) => break Ok(()),
            Err(error) => break Err(failed(error)),
        }
    };
    Ok((head, rows, end))
}

fn failed(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(as_text),
        Some(told) => QueryError::DbError(DbError {
            as_text,
            severity: told.severity().to_owned(),
            code: told.code().code().to_owned(),
            message: told.message().to_owned(),
            detail: told.detail().map(str::to_owned),
            extras: [("constraint", told.constraint()), ("table", told.table()), ("column", told.column())]
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
                .collect(),
        }),
    })
}

impl Host for View<'_> {}

impl HostConnection for View<'_> {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        match open(self.component, &address).await {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
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
            Ok(connection) => Ok(Ok(accessor.with(|mut access| access.get().table.push(connection))?)),
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
) -> wasmtime::Result<Arc<Object>> {
    accessor.with(|mut access| Ok(Arc::clone(&access.get().table.get(this)?.0)))
}

impl HostConnectionBuilder for View<'_> {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<Builder>> {
        Ok(self.table.push(Builder(address))?)
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(Err(Error::Other("devhost speaks to PostgreSQL without TLS".to_owned())))
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
