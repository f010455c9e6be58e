//! Readiness.

use web::{Health, Problem, Reply};

use crate::{App, Host, app};

pub(super) async fn health<H: Host>(service: &App<H>) -> Result<Reply, Problem> {
    Health::default().check("database", app::ping(&service.host).await).reply()
}
