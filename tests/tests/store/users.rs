//! Accounts and sessions.

use cartwheel_tests::pg::NativePg;
use identity::{PasswordHash, RefreshToken};
use kernel::Email;
use migrate::Service;
use users::session::{Device, RotationOutcome, Started};
use users::store::{self, RegisterError};

async fn register(db: &NativePg, email: &str, random: [u8; 16]) -> Result<Started, RegisterError> {
    let email = Email::parse(email).unwrap();
    let hash = PasswordHash::kept("$argon2id$..".to_owned());
    let device = Device { user_agent: Some("test".to_owned()), ip: None };
    store::register(db, (&email, "Ada"), &hash, &RefreshToken::hash_of(&random), &device).await
}

#[tokio::test]
async fn an_address_is_registered_once() {
    let db = NativePg::fresh(Service::Users).await;
    let started = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    assert_eq!(started.account.email, "ada@example.com");
    assert!(matches!(register(&db, "ADA@example.com", [2; 16]).await, Err(RegisterError::EmailTaken)));
}

#[tokio::test]
async fn a_session_is_good_until_it_is_ended_or_its_account_disabled() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let bob = register(&db, "bob@example.com", [2; 16]).await.unwrap();
    let found = async |started: &Started| {
        store::find_session(&db, started.session, started.account.id).await.unwrap()
    };
    assert_eq!(found(&ada).await.unwrap().user, ada.account.id);
    // The session of one is not the session of another.
    assert_eq!(store::find_session(&db, ada.session, bob.account.id).await.unwrap(), None);
    store::revoke_session(&db, ada.session, ada.account.id).await.unwrap();
    assert_eq!(found(&ada).await, None);
    db.admin("update users set disabled_at = now() where email = 'bob@example.com'").await;
    assert_eq!(found(&bob).await, None);
    assert!(store::start_session(&db, bob.account.id, "h", &Device::default()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_refresh_token_takes_one_step_and_an_old_one_ends_the_session() {
    let db = NativePg::fresh(Service::Users).await;
    let ada = register(&db, "ada@example.com", [1; 16]).await.unwrap();
    let token = RefreshToken::new(ada.session, 0, [1; 16]);
    let step = async |token: &RefreshToken| {
        store::rotate_session(&db, token).await.unwrap().map(|step| (step.outcome, step.rotation))
    };
    assert_eq!(step(&token).await, Some((RotationOutcome::Rotated, 1)));
    assert_eq!(step(&token).await, Some((RotationOutcome::Repeated, 1)));
    assert_eq!(step(&token.at_rotation(1)).await, Some((RotationOutcome::Rotated, 2)));
    assert_eq!(step(&token).await.map(|(outcome, _)| outcome), Some(RotationOutcome::Replayed));
    assert_eq!(step(&token.at_rotation(2)).await, None);
    // The random part of another session's token is worth nothing.
    assert_eq!(step(&RefreshToken::new(ada.session, 2, [9; 16])).await, None);
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
            matches!(refused, capability::DbError::Refused { ref sqlstate, .. } if sqlstate == "42501"),
            "{refused:?}"
        );
    }
}
