//! Accounts and sessions, also with concurrent statements.

use cartwheel_tests::pg::NativePg;
use futures_util::future::join_all;
use identity::{PasswordHash, RefreshToken, Role};
use kernel::fields::Fields;
use kernel::page::{Limit, PageRequest};
use kernel::{Email, ExpectedVersion, UserId};
use migrate::Service;
use serde_json::json;
use users::domain::account::NewAccount;
use users::domain::address::NewAddress;
use users::domain::administration::AccountUpdate;
use users::domain::credentials::VerifiedPassword;
use users::domain::notification::{DeliveryOutcome, MailedToken};
use users::domain::session::{Device, NewSession, RotationOutcome, Session};
use users::domain::throttle::AttemptLimit;
use users::store::{self, Change, Erasure, RegisterError};

const DAY_S: i64 = 24 * 60 * 60;
const ANY: ExpectedVersion = ExpectedVersion::Any;

fn all() -> PageRequest<i64> {
    PageRequest { after: None, limit: Limit::MAX }
}

pub(crate) async fn register(db: &NativePg, email: &str, random: [u8; 16]) -> Result<Session, RegisterError> {
    let account = NewAccount {
        email: Email::parse(email).unwrap(),
        full_name: "Ada Lovelace".to_owned(),
        password_hash: PasswordHash::from_stored("$argon2id$..".to_owned()),
    };
    let device = Device { user_agent: Some("test agent".to_owned()), ip: Some("203.0.113.7".to_owned()) };
    let session = NewSession { device, refresh_hash: RefreshToken::hash_of(&random), lifetime_s: 30 * DAY_S };
    let token = MailedToken { salt: "salt".to_owned(), hash: format!("hash of {random:?}") };
    store::register(db, &account, &session, &token).await
}

/// Starts a session with the password of `version`.
async fn log_in(db: &NativePg, user: UserId, version: i64) -> Option<Session> {
    let password = VerifiedPassword { user, version, rehashed: None };
    let session = NewSession { device: Device::default(), refresh_hash: "h".to_owned(), lifetime_s: DAY_S };
    store::start_session(db, &password, &session).await.unwrap()
}

/// Twenty-five connections to the same database.
async fn connections(db: &NativePg) -> Vec<NativePg> {
    let mut connections = Vec::new();
    for _ in 0..25 {
        connections.push(db.again(Service::Users).await);
    }
    connections
}

fn address(kind: &str, is_default: bool) -> NewAddress {
    let body = json!({
        "addressType": kind, "streetAddress": "12 St James Square", "city": "London", "country": "GB",
        "isDefault": is_default,
    });
    NewAddress::read(Fields::from_value(body).unwrap()).unwrap()
}

#[tokio::test]
async fn an_address_is_registered_once() {
    let db = NativePg::fresh(Service::Users).await;
    let session = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    assert_eq!(session.account.email, "ada@example.com");
    assert!(matches!(register(&db, "ADA@example.com", [2; 16]).await, Err(RegisterError::EmailTaken)));
}

#[tokio::test]
async fn a_session_is_valid_until_it_is_ended_or_its_account_disabled() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let bob = register(&db, "bob@example.com", [2; 16]).await.unwrap();
    let found = async |session: &Session| {
        store::find_session(&db, session.id, session.account.id, DAY_S).await.unwrap()
    };
    assert_eq!(found(&ada).await.unwrap().account.id, ada.account.id);
    // A session belongs to one account.
    assert_eq!(store::find_session(&db, ada.id, bob.account.id, DAY_S).await.unwrap(), None);
    assert!(!store::revoke_session(&db, ada.id, bob.account.id, "x").await.unwrap());
    assert!(store::revoke_session(&db, ada.id, ada.account.id, "logout").await.unwrap());
    assert!(!store::revoke_session(&db, ada.id, ada.account.id, "logout").await.unwrap());
    assert_eq!(found(&ada).await, None);
    db.admin("update users set disabled_at = now() where email = 'bob@example.com'").await;
    assert_eq!(found(&bob).await, None);
    assert!(log_in(&db, bob.account.id, 1).await.is_none());
}

#[tokio::test]
async fn a_refresh_token_is_rotated_once_and_an_old_one_ends_the_session() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let token = RefreshToken::new(ada.id, 0, [1; 16]);
    let rotate = async |token: &RefreshToken| {
        store::rotate_session(&db, token, DAY_S).await.unwrap().map(|step| (step.outcome, step.rotation))
    };
    assert_eq!(rotate(&token).await, Some((RotationOutcome::Rotated, 1)));
    assert_eq!(rotate(&token).await, Some((RotationOutcome::Repeated, 1)));
    assert_eq!(rotate(&token.at_rotation(1)).await, Some((RotationOutcome::Rotated, 2)));
    assert_eq!(rotate(&token).await.map(|(outcome, _)| outcome), Some(RotationOutcome::Replayed));
    assert_eq!(rotate(&token.at_rotation(2)).await, None);
    // A token with the random part of another session is rejected.
    assert_eq!(rotate(&RefreshToken::new(ada.id, 2, [9; 16])).await, None);
}

#[tokio::test]
async fn the_audit_log_can_only_grow() {
    let db = NativePg::fresh(Service::Users).await;
    register(&db, "ada@example.com", [1; 16]).await.unwrap();
    for sql in [
        "delete from user_audit_log returning 'x'::text",
        "update user_audit_log set action = 'x' returning 'x'::text",
    ] {
        let statement = capability::Statement::once("forbidden", Box::leak(sql.to_owned().into_boxed_str()));
        let refused = capability::Database::query(&db, &statement, &[]).await.unwrap_err();
        assert!(
            matches!(refused, capability::DbError::Rejected { ref sqlstate, .. } if sqlstate == "42501"),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refreshes_at_once_with_one_token_get_one_successor() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let token = RefreshToken::new(ada.id, 0, [1; 16]);
    let connections = connections(&db).await;
    let steps = (0..100).map(|number| store::rotate_session(&connections[number % 25], &token, DAY_S));
    let steps: Vec<_> = join_all(steps).await.into_iter().map(|step| step.unwrap().unwrap()).collect();
    assert!(steps.iter().all(|step| step.rotation == 1), "one successor");
    let rotated = steps.iter().filter(|step| step.outcome == RotationOutcome::Rotated).count();
    assert_eq!(rotated, 1, "the others repeat it");
    assert!(store::find_session(&db, ada.id, ada.account.id, DAY_S).await.unwrap().is_some());
}

#[tokio::test]
async fn a_concurrent_login_does_not_survive_a_change_of_the_password() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let (user, new) = (ada.account.id, PasswordHash::from_stored("new".to_owned()));
    let log_in = async |version| log_in(&db, user, version).await;
    let second = log_in(1).await.unwrap();
    assert!(store::change_password(&db, user, ada.id, 1, &new).await.unwrap());
    // The password was verified, and then changed before the session started.
    assert_eq!(log_in(1).await, None);
    assert!(!store::change_password(&db, user, ada.id, 1, &new).await.unwrap());
    assert!(log_in(2).await.is_some());
    let is_good = async |session| store::find_session(&db, session, user, DAY_S).await.unwrap().is_some();
    assert!(is_good(ada.id).await, "the session that changed it stays");
    assert!(!is_good(second.id).await, "the others end");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_defaults_leave_one_default_of_each_type() {
    let db = NativePg::fresh(Service::Users).await;
    let user = register(&db, "ada@example.com", [1; 16]).await.unwrap().account.id;
    let mut writers = Vec::new();
    for number in 0..24 {
        let db = db.again(Service::Users).await;
        writers.push(async move {
            let kind = if number % 3 == 0 { "billing" } else { "shipping" };
            let saved = store::save_address(&db, user, None, &ANY, &address(kind, true)).await.unwrap();
            let Change::Applied(saved) = saved else { panic!("{saved:?}") };
            let again = store::save_address(&db, user, Some(saved.id), &ANY, &address(kind, true)).await;
            assert!(matches!(again.unwrap(), Change::Applied(_)));
        });
    }
    join_all(writers).await;
    let stored = store::list_addresses(&db, user, &all()).await.unwrap().items;
    assert_eq!(stored.len(), 24);
    assert_eq!(stored.iter().filter(|address| address.is_default).count(), 2);
    // A constraint enforces the rule also without the function.
    let refused = db.try_admin("update user_addresses set is_default = true").await.unwrap_err();
    assert!(refused.contains("user_addresses_one_default"), "{refused}");
}

#[tokio::test]
async fn an_account_has_a_hundred_addresses_at_most() {
    let db = NativePg::fresh(Service::Users).await;
    let user = register(&db, "ada@example.com", [1; 16]).await.unwrap().account.id;
    db.admin(
        "insert into user_addresses (user_id, address_type, street_address, city, country)
         select 1, 'shipping', 'street', 'city', 'GB' from generate_series(1, 100)",
    )
    .await;
    let refused = store::save_address(&db, user, None, &ANY, &address("shipping", false)).await.unwrap();
    assert_eq!(refused, Change::TooManyAddresses);
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_who_demote_each_other_leave_one_admin() {
    let db = NativePg::fresh(Service::Users).await;
    let mut admins = Vec::new();
    for number in 0..8_u8 {
        let email = format!("admin-{number}@example.com");
        admins.push(register(&db, &email, [number; 16]).await.unwrap().account.id);
    }
    db.admin("update users set role = 'admin'").await;
    let mut moves = Vec::new();
    for (index, admin) in admins.iter().copied().enumerate() {
        let db = db.again(Service::Users).await;
        let victim = admins[(index + 1) % admins.len()];
        let wanted = AccountUpdate { role: Some(Role::Customer), disabled: None };
        moves.push(async move { store::administer_account(&db, admin, victim, &ANY, wanted).await.unwrap() });
    }
    let moves = join_all(moves).await;
    let refused = moves.iter().filter(|made| **made == Change::LastAdmin).count();
    assert_eq!(refused, 1, "{moves:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_attempts_at_once_no_more_than_the_limit_are_admitted() {
    let db = NativePg::fresh(Service::Users).await;
    let limit = AttemptLimit { attempts: 1000, window_s: 60 };
    let email = Email::parse("ada@example.com").unwrap();
    let connections = connections(&db).await;
    let attempts = (0..100).map(async |number| {
        let db = &connections[number % 25];
        let admission = store::admit_login(db, Some(&email), "203.0.113.7", limit).await.unwrap();
        admission.account.unwrap().check("x").is_ok()
    });
    let admitted = join_all(attempts).await.into_iter().filter(|is_admitted| *is_admitted).count();
    assert_eq!(admitted, 10);
}

#[tokio::test]
async fn the_throttle_table_is_bounded_whatever_is_counted() {
    let db = NativePg::fresh(Service::Users).await;
    db.admin(
        "alter table throttle_counters set (autovacuum_enabled = false);
         select admit('x', 'subject ' || n, 10, 60) from generate_series(1, 2000) n;
         do $$ begin assert (select count(*) between 1900 and 2000 from throttle_counters); end $$",
    )
    .await;
    let refused = db.try_admin("insert into throttle_counters values ('x', 1048576, 1, now())").await;
    assert!(refused.unwrap_err().contains("throttle_counters_slot_bounded"));
}

#[tokio::test]
async fn an_erased_account_leaves_nothing_personal_anywhere() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let user = ada.account.id;
    store::save_address(&db, user, None, &ANY, &address("shipping", true)).await.unwrap();
    store::record_failed_login(
        &db,
        Some(user),
        &Device { user_agent: None, ip: Some("203.0.113.7".to_owned()) },
    )
    .await
    .unwrap();
    let everything = async || {
        let mut text = String::new();
        for table in
            ["users", "user_addresses", "user_sessions", "user_audit_log", "one_time_tokens", "notifications"]
        {
            let sql = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
            text.push_str(&db.read(&sql).await);
        }
        text
    };
    let personal = ["ada@example.com", "Ada Lovelace", "203.0.113.7", "test agent", "St James", "argon2id"];
    let before = everything().await;
    assert!(personal.iter().all(|trace| before.contains(trace)), "{before}");
    assert_eq!(store::erase_account(&db, user, 2).await.unwrap(), Erasure::Rejected);
    assert_eq!(store::erase_account(&db, user, 1).await.unwrap(), Erasure::Erased);
    let after = everything().await;
    for trace in personal {
        assert!(!after.contains(trace), "{trace} is in {after}");
    }
    assert_eq!(store::find_session(&db, ada.id, user, DAY_S).await.unwrap(), None);
    let log = store::list_audit_log(&db, user, &all()).await.unwrap().items;
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["erased", "login-failed", "address-added", "register"]);
    assert!(register(&db, "ada@example.com", [2; 16]).await.is_ok(), "the address is free again");
}

#[tokio::test]
async fn a_one_time_token_is_redeemed_once_in_time_and_for_its_purpose() {
    let db = NativePg::fresh(Service::Users).await;
    register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let verification = format!("hash of {:?}", [1_u8; 16]);
    let new = PasswordHash::from_stored("new".to_owned());
    assert!(!store::reset_password(&db, &verification, &new).await.unwrap());
    assert!(store::verify_email(&db, &verification).await.unwrap());
    assert!(!store::verify_email(&db, &verification).await.unwrap());

    let email = Email::parse("ada@example.com").unwrap();
    let request = async |hash: &str| {
        let token = MailedToken { salt: "salt".to_owned(), hash: hash.to_owned() };
        let purpose = identity::one_time::Purpose::PasswordReset;
        store::request_token(&db, &email, purpose, &token).await.unwrap();
    };
    request("first").await;
    request("second").await;
    assert!(!store::reset_password(&db, "first", &new).await.unwrap(), "replaced");
    let again = db.again(Service::Users).await;
    let both = tokio::join!(
        store::reset_password(&db, "second", &new),
        store::reset_password(&again, "second", &new)
    );
    assert_ne!(both.0.unwrap(), both.1.unwrap(), "once");
    request("third").await;
    db.admin("update one_time_tokens set expires_at = now()").await;
    assert!(!store::reset_password(&db, "third", &new).await.unwrap(), "expired");
    for number in 0..9 {
        request(&format!("flood {number}")).await;
    }
    assert!(!store::reset_password(&db, "flood 8", &new).await.unwrap(), "five an hour");
    assert!(store::reset_password(&db, "flood 1", &new).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_deliveries_claim_different_messages_and_an_expired_claim_is_repeated() {
    let db = NativePg::fresh(Service::Users).await;
    for number in 0..20_u8 {
        register(&db, &format!("person-{number}@example.com"), [number; 16]).await.unwrap();
    }
    let connections = connections(&db).await;
    let claims = connections.iter().map(store::claim_notification);
    let claimed: Vec<_> = join_all(claims).await.into_iter().filter_map(Result::unwrap).collect();
    let mut ids: Vec<i64> = claimed.iter().map(|claimed| claimed.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((claimed.len(), ids.len()), (20, 20), "each message once");
    assert!(store::claim_notification(&db).await.unwrap().is_none(), "all are claimed");
    // Nineteen are delivered; the delivery of the last one was interrupted.
    for id in &ids[1..] {
        store::finish_notification(&db, *id, DeliveryOutcome::Delivered, None).await.unwrap();
    }
    db.admin("update notifications set next_attempt_at = next_attempt_at - interval '30 seconds'").await;
    let again = store::claim_notification(&db).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (ids[0], 2));
    assert!(store::claim_notification(&db).await.unwrap().is_none());
}

#[tokio::test]
async fn a_list_continues_until_its_last_page() {
    let db = NativePg::fresh(Service::Users).await;
    let user = register(&db, "ada@example.com", [1; 16]).await.unwrap().account.id;
    for _ in 0..4 {
        store::save_address(&db, user, None, &ANY, &address("shipping", false)).await.unwrap();
    }
    let limit = Limit::parse("2").unwrap();
    let first = store::list_addresses(&db, user, &PageRequest { after: None, limit }).await.unwrap();
    let second = store::list_addresses(&db, user, &PageRequest { after: first.next, limit }).await.unwrap();
    let ids = |items: &[users::domain::address::Address]| items.iter().map(|item| item.id.get()).collect();
    let ids: [Vec<i64>; 2] = [ids(&first.items), ids(&second.items)];
    assert_eq!((ids, first.next, second.next), ([vec![1, 2], vec![3, 4]], Some(2), None));
    let newest = store::list_audit_log(&db, user, &PageRequest { after: None, limit }).await.unwrap();
    assert_eq!((newest.items.len(), newest.next), (2, Some(newest.items[1].id)));
}
