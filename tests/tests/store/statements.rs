//! Every SQL file is one valid statement whose types the host supports.

use std::fs;
use std::path::PathBuf;

use cartwheel_tests::environment;
use cartwheel_tests::pg::NativePg;
use migrate::Service;
use tokio_postgres::types::Type;

async fn check(db: &NativePg, name: &str, sql: &str) {
    let (params, columns) = db.describe(sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    for kind in params {
        assert!(
            [Type::INT8, Type::TEXT, Type::BOOL].contains(&kind),
            "{name} has a parameter of type {kind}"
        );
    }
    assert_eq!(columns, [Type::TEXT], "{name} must return one text");
}

#[tokio::test]
async fn every_sql_file_returns_one_text_and_takes_simple_parameters() {
    for service in [Service::Users, Service::Products] {
        let db = NativePg::fresh(service).await;
        let folder =
            PathBuf::from(environment("CARTWHEEL_ROOT")).join("components").join(service.name()).join("sql");
        for file in fs::read_dir(folder).unwrap().flatten().filter(|file| file.path().is_file()) {
            let sql = fs::read_to_string(file.path()).unwrap();
            check(&db, &file.path().display().to_string(), &sql).await;
        }
    }
}

#[tokio::test]
async fn every_sort_order_of_the_catalog_is_a_statement() {
    use products::domain::filter::Sort;
    let db = NativePg::fresh(Service::Products).await;
    for sort in [Sort::Relevance, Sort::Newest, Sort::Price, Sort::PriceDescending, Sort::Name, Sort::Rating]
    {
        let statement = products::store::list_statement(sort);
        check(&db, statement.name, statement.sql).await;
    }
    let facets = products::store::facets_statement();
    check(&db, facets.name, facets.sql).await;
}
