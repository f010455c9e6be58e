//! Every statement of the users service finds its rows by an index, in tables of 100,000 rows and more.

use std::collections::BTreeSet;
use std::sync::Mutex;

use capability::{Database, DbError, Param, Statement};
use cartwheel_tests::environment;
use cartwheel_tests::pg::{NativePg, Plans};
use identity::one_time::Purpose;
use identity::{PasswordHash, RefreshToken, Role};
use kernel::fields::Fields;
use kernel::page::{Limit, PageRequest};
use kernel::{AddressId, Email, ExpectedVersion, SessionId, UserId};
use migrate::Service;
use serde_json::json;
use users::domain::account::NewAccount;
use users::domain::address::NewAddress;
use users::domain::administration::{AccountUpdate, search_pattern};
use users::domain::credentials::VerifiedPassword;
use users::domain::notification::{DeliveryOutcome, MailedToken};
use users::domain::session::{Device, NewSession};
use users::domain::throttle::AttemptLimit;
use users::store;

/// 100,000 accounts, each with two sessions, two addresses, four entries of the audit log, a token and a message.
const SCENE: &str = "
    insert into users (email, password_hash, full_name, role)
    select 'person-' || n || '@example.com', 'hash', 'Person Number ' || n,
      case when n % 20000 = 0 then 'admin' else 'customer' end
    from generate_series(1, 100000) n;
    insert into user_sessions (user_id, token_hash, expires_at)
    select u.id, 'hash', now() + interval '30 days' from users u, generate_series(1, 2);
    insert into user_addresses (user_id, address_type, street_address, city, country, is_default)
    select u.id, kind, 'street', 'city', 'GB', true from users u, unnest(array['shipping', 'billing']) kind;
    insert into user_audit_log (user_id, action) select u.id, 'login' from users u, generate_series(1, 4);
    insert into one_time_tokens (user_id, purpose, salt, token_hash, expires_at)
    select id, 'password-reset', 'salt', 'hash ' || id, now() + interval '1 hour' from users;
    insert into notifications (user_id, kind, delivered_at)
    select id, 'password-reset', case when id % 1000 <> 0 then now() end from users;
    insert into throttle_counters select 'login-client', n, 1, now() from generate_series(0, 99999) n;
    analyze;";

/// A database that notes which statements it runs and how PostgreSQL finds their rows.
pub(crate) struct Explained {
    db: NativePg,
    plans: Plans,
    seen: Mutex<BTreeSet<String>>,
    faults: Mutex<Vec<String>>,
    /// The plans of the last statement.
    pub(crate) last: Mutex<Vec<String>>,
}

impl Explained {
    /// A connection to the database of `owner`.
    pub(crate) async fn of(owner: &NativePg, service: Service) -> Self {
        let (db, plans) = owner.explaining(service).await;
        Self { db, plans, seen: Mutex::default(), faults: Mutex::default(), last: Mutex::default() }
    }

    /// Fails if a statement read a whole table, or if one of the service's files was not run. `exempt` are those that have
    /// to look at everything.
    pub(crate) fn check(&self, service: Service, exempt: &[&str]) {
        let faults = self.faults.lock().unwrap();
        let is_exempt = |fault: &&String| !exempt.iter().any(|name| fault.starts_with(&format!("{name}: ")));
        let faults: Vec<&String> = faults.iter().filter(is_exempt).collect();
        assert!(faults.is_empty(), "{faults:#?}");
        let folder = format!("{}/components/{}/sql", environment("CARTWHEEL_ROOT"), service.name());
        let files = std::fs::read_dir(folder).unwrap().flatten().filter(|file| file.path().is_file());
        let files: BTreeSet<String> =
            files.map(|file| file.path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        let seen = self.seen.lock().unwrap();
        assert_eq!(files.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new(), "not in this test");
    }
}

impl Database for Explained {
    async fn query(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<String>, DbError> {
        let answer = self.db.query(statement, params).await;
        let plans = self.plans.take();
        assert!(!plans.is_empty(), "{} has no plan", statement.name);
        // A tree of a hundred categories is read at once.
        let is_fault =
            |line: &&str| line.contains("Seq Scan on ") && !line.contains("Seq Scan on categories");
        for line in plans.iter().flat_map(|plan| plan.lines()).filter(is_fault) {
            self.faults.lock().unwrap().push(format!("{}: {}", statement.name, line.trim()));
        }
        *self.last.lock().unwrap() = plans;
        self.seen.lock().unwrap().insert(statement.name.to_owned());
        answer
    }
}

fn user(id: i64) -> UserId {
    UserId::try_from(id).unwrap()
}

#[tokio::test]
async fn every_statement_uses_an_index_on_a_hundred_thousand_rows() {
    let owner = NativePg::fresh(Service::Users).await;
    owner.admin(SCENE).await;
    let db = Explained::of(&owner, Service::Users).await;
    run_all(&db).await;
    db.check(Service::Users, &[]);
}

/// Each statement once.
async fn run_all(db: &Explained) {
    const LIMIT: AttemptLimit = AttemptLimit { attempts: 30, window_s: 60 };
    const ANY: ExpectedVersion = ExpectedVersion::Any;
    let page = PageRequest { after: Some(50_000), limit: Limit::default() };
    let email = Email::parse("person-77@example.com").unwrap();
    let device = Device::default();
    let hash = || PasswordHash::from_stored("hash".to_owned());
    let new_session = NewSession { device: Device::default(), refresh_hash: "h".to_owned(), lifetime_s: 60 };
    let token = |hash: &str| MailedToken { salt: "salt".to_owned(), hash: hash.to_owned() };
    let session = |id: i64| SessionId::try_from(id).unwrap();
    let address_id = |id: i64| AddressId::try_from(id).unwrap();
    let refresh = RefreshToken::new(session(9), 0, [1; 16]);
    let body = json!({
        "addressType": "billing", "streetAddress": "1 Way", "city": "Bath", "country": "GB", "isDefault": true,
    });
    let address = NewAddress::read(Fields::from_value(body).unwrap()).unwrap();

    store::ping(db).await.unwrap();
    store::admit_login(db, Some(&email), "client", LIMIT).await.unwrap();
    store::admit_registration(db, &email, "client", LIMIT).await.unwrap();
    store::admit_message(db, "client", LIMIT).await.unwrap();
    store::admit_password_check(db, user(77)).await.unwrap();
    store::admit_password_reset(db, "client", LIMIT, "hash 78").await.unwrap();
    let new = Email::parse("new@example.com").unwrap();
    let new = NewAccount { email: new, full_name: "New".to_owned(), password_hash: hash() };
    store::register(db, &new, &new_session, &token("new")).await.unwrap();
    let password = VerifiedPassword { user: user(77), version: 1, rehashed: Some(hash()) };
    store::start_session(db, &password, &new_session).await.unwrap().unwrap();
    store::record_failed_login(db, Some(user(77)), &device).await.unwrap();
    store::find_session(db, session(154), user(77), 60).await.unwrap();
    store::rotate_session(db, &refresh, 60).await.unwrap();
    store::list_sessions(db, user(77), &page, 60).await.unwrap();
    store::revoke_session(db, session(154), user(77), "logout").await.unwrap();
    store::revoke_all_sessions(db, user(77)).await.unwrap();
    store::rename_account(db, user(77), &ANY, "Name").await.unwrap();
    assert!(store::change_password(db, user(77), session(154), 1, &hash()).await.unwrap());
    store::request_token(db, &email, Purpose::PasswordReset, &token("reset")).await.unwrap();
    store::request_token(db, &email, Purpose::EmailVerification, &token("verify")).await.unwrap();
    assert!(store::reset_password(db, "reset", &hash()).await.unwrap());
    store::verify_email(db, "verify").await.unwrap();
    store::export_account(db, user(77)).await.unwrap();
    store::list_addresses(db, user(77), &page).await.unwrap();
    store::find_address(db, address_id(154), user(77)).await.unwrap();
    store::save_address(db, user(77), None, &ANY, &address).await.unwrap();
    store::save_address(db, user(77), Some(address_id(154)), &ANY, &address).await.unwrap();
    store::delete_address(db, address_id(154), user(77), &ANY).await.unwrap();
    for search in [None, Some("son-777"), Some("no account has this"), Some("Person Number 99999")] {
        store::list_accounts(db, search.map(search_pattern).as_deref(), &page).await.unwrap();
    }
    store::find_account(db, user(77)).await.unwrap();
    let demotion = AccountUpdate { role: Some(Role::Customer), disabled: Some(true) };
    store::administer_account(db, user(40_000), user(20_000), &ANY, demotion).await.unwrap();
    store::list_audit_log(db, user(77), &page).await.unwrap();
    store::erase_account(db, user(60_000), 1).await.unwrap();
    let claimed = store::claim_notification(db).await.unwrap().unwrap();
    store::finish_notification(db, claimed.id, DeliveryOutcome::Delivered, None).await.unwrap();
}
