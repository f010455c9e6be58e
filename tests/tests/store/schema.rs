//! The schema that the migrations produce: the same for a new and for an earlier database, and open to later changes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cartwheel_tests::environment;
use cartwheel_tests::pg::NativePg;
use migrate::Service;

const SERVICES: [Service; 2] = [Service::Users, Service::Products];

/// Functions that PostgreSQL records as dependent on a table, and functions whose parameters, results or variables have the
/// row type of a table. PostgreSQL 15.20 and 17.12 refuse to alter such a table; 15.18 does not.
const FUNCTIONS_BOUND_TO_TABLES: &str = "
    with own_function as (
      select p.oid, p.proname, p.prosrc, p.prorettype,
        p.proargtypes::oid[] || coalesce(p.proallargtypes, '{}') as argument_types
      from pg_proc p
      where p.pronamespace = 'public'::regnamespace
        and not exists (
          select from pg_depend d
          where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
        )
    ), own_table as (
      select c.oid, c.relname, c.reltype, t.typarray
      from pg_class c
      join pg_type t on t.oid = c.reltype
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
    )
    select coalesce(string_agg(distinct f.proname || ' uses ' || t.relname, ', '), '')
    from own_function f
    cross join own_table t
    where f.prorettype in (t.reltype, t.typarray)
      or f.argument_types && array[t.reltype, t.typarray]
      or exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass
          and d.objid = f.oid
          and (
            d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid
            or d.refclassid = 'pg_type'::regclass and d.refobjid in (t.reltype, t.typarray)
          )
      )
      -- A declaration in a PL/pgSQL body: `saved user_addresses;`, `saved users%rowtype := ..`.
      or substring(f.prosrc from '^(.*?)\\mbegin\\M') ~ ('\\m' || t.relname || '\\M\\s*(;|:=|%|\\[)')";

#[tokio::test]
async fn no_function_is_bound_to_the_row_type_of_a_table() {
    for service in SERVICES {
        let db = NativePg::fresh(service).await;
        assert_eq!(db.read(FUNCTIONS_BOUND_TO_TABLES).await, "", "{}_db", service.name());
    }
}

#[tokio::test]
async fn a_function_that_is_bound_to_a_row_type_is_found() {
    let bound = [
        "create function bound(a users) returns text language sql as 'select 1'",
        "create function bound() returns setof users language sql as 'select * from users'",
        "create function bound() returns bigint language sql begin atomic select count(*) from users; end",
        "create function bound() returns int language plpgsql as 'declare a users; begin return 1; end'",
        "create function bound() returns int language plpgsql as 'declare a users%rowtype; begin return 1; end'",
    ];
    let db = NativePg::fresh(Service::Users).await;
    for function in bound {
        db.admin(function).await;
        assert_eq!(db.read(FUNCTIONS_BOUND_TO_TABLES).await, "bound uses users", "{function}");
        db.admin("drop function bound").await;
    }
}

#[tokio::test]
async fn every_table_can_be_altered_after_the_migrations() {
    for service in SERVICES {
        let db = NativePg::fresh(service).await;
        let alterations = "
            select string_agg(format('alter table %I add column later text default ''x'';', relname), ' ')
            from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r'";
        let alterations = db.read(alterations).await;
        assert_eq!(db.try_admin(&alterations).await, Ok(()), "{}_db", service.name());
    }
}

#[tokio::test]
async fn a_database_of_the_first_release_migrates_to_the_schema_of_a_new_one() {
    for service in SERVICES {
        let new = NativePg::fresh(service).await;
        let earlier = earlier_database(service).await;
        migrate::up(service, earlier.address()).await.unwrap();
        assert_eq!(schema(&earlier), schema(&new), "{}_db", service.name());
        let changes = migrate::up(service, earlier.address()).await.unwrap();
        assert_eq!(changes, migrate::Changes::default(), "a second run changes nothing");
    }
}

#[tokio::test]
async fn the_rows_of_the_first_release_are_kept() {
    let users = earlier_database(Service::Users).await;
    migrate::up(Service::Users, users.address()).await.unwrap();
    assert_eq!(
        users.read("select string_agg(full_name, ', ' order by id) from users").await,
        "Ada Lovelace, Shop Admin"
    );
    let products = earlier_database(Service::Products).await;
    migrate::up(Service::Products, products.address()).await.unwrap();
    let released = "select release_reservation('ORD-AAAA-BBBB-CCCC-DDDD') ->> 'outcome'";
    assert_eq!(products.read(released).await, "released");
    assert_eq!(products.read("select stock_quantity::text from products").await, "10");
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let db = NativePg::fresh(Service::Users).await;
    db.admin("update schema_migrations set checksum = 'another' where version = 1").await;
    let error = migrate::up(Service::Users, db.address()).await.unwrap_err();
    assert!(error.to_string().contains("0001_accounts was changed after it was applied"), "{error}");
}

#[tokio::test]
async fn a_function_is_replaced_when_its_file_has_changed() {
    let db = NativePg::fresh(Service::Products).await;
    let source = "select prosrc from pg_proc where proname = 'is_expected'";
    let newest = db.read(source).await;
    db.admin(
        "create or replace function is_expected(p_version bigint, p_versions text) returns boolean
           language sql immutable parallel safe as 'select true';
         update schema_functions set checksum = 'another' where name = 'is_expected'",
    )
    .await;
    let changes = migrate::up(Service::Products, db.address()).await.unwrap();
    assert_eq!(changes.functions, ["is_expected"]);
    assert_eq!(db.read(source).await, newest);
}

#[tokio::test]
async fn each_function_has_one_list_of_parameters() {
    for service in SERVICES {
        let db = NativePg::fresh(service).await;
        let overloaded = "
            select coalesce(string_agg(proname, ', '), '')
            from (
              select f.name as proname
              from schema_functions f
              left join pg_proc p on p.proname = f.name and p.pronamespace = 'public'::regnamespace
              group by f.name
              having count(p.oid) <> 1
            ) found";
        assert_eq!(db.read(overloaded).await, "", "{}_db", service.name());
    }
}

#[tokio::test]
async fn down_and_up_lead_back_to_the_same_schema() {
    for service in SERVICES {
        let db = NativePg::fresh(service).await;
        let before = schema(&db);
        migrate::down(service, db.address(), 0).await.unwrap();
        let left = "select count(*)::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'";
        // The two tables in which the migrator records its work.
        assert_eq!(db.read(left).await, "2", "{}_db", service.name());
        migrate::up(service, db.address()).await.unwrap();
        assert_eq!(schema(&db), before, "{}_db", service.name());
    }
}

/// Returns a database as the first release created it, with a few rows.
async fn earlier_database(service: Service) -> NativePg {
    let file = format!("tests/fixtures/databases/{}.sql", service.name());
    let dump = fs::read_to_string(PathBuf::from(environment("CARTWHEEL_ROOT")).join(file)).unwrap();
    NativePg::restored(service, &dump).await
}

/// Returns what `pg_dump --schema-only` prints, without what differs between two dumps of one schema: comments, the key of
/// `\restrict`, and the number that PostgreSQL 15.20 and 17.12 give each column (`pg_attver`).
fn schema(db: &NativePg) -> Vec<String> {
    let beside_server = std::env::var("CARTWHEEL_PG_DUMP").unwrap_or_else(|_| "pg_dump".to_owned());
    let dumped = Command::new(&beside_server).args(["--schema-only", "--dbname", db.address()]).output();
    let dumped = dumped.unwrap_or_else(|error| panic!("{beside_server}: {error}"));
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let text = String::from_utf8(dumped.stdout).unwrap();
    let is_schema = |line: &&str| {
        !line.is_empty()
            && !line.starts_with("--")
            && !line.starts_with('\\')
            && !line.contains(" SET (pg_attver=")
    };
    text.lines().filter(is_schema).map(str::to_owned).collect()
}
