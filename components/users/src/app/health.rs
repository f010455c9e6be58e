//! The state of the service's dependencies.

use capability::DbError;

use crate::{App, Host, store};

pub(crate) async fn check_database<H: Host>(app: &App<H>) -> Result<(), DbError> {
    store::ping(&app.host).await
}
