//! Messages: verification of an address, and password reset.

use std::sync::Arc;

use cartwheel_tests::client::new_email;
use cartwheel_tests::shop::{NOTIFICATION_SECRETS, SERVICE_TOKEN, users_db};
use cartwheel_tests::{Shop, standard_webhooks};
use serde_json::{Value, json};

crate::tests![
    a_registration_sends_a_message_that_proves_the_address_once,
    a_forgotten_password_is_reset_once_and_every_session_ends,
    a_reset_message_is_good_for_thirty_minutes,
    a_message_is_signed_and_says_what_it_is,
    a_message_that_is_refused_is_sent_again_as_the_same_event,
    only_the_services_deliver_messages,
];

async fn confirm(shop: &Shop, path: &str, body: &Value) -> cartwheel_tests::Answer {
    shop.client.call("POST", path).json(body).send().await
}

async fn a_registration_sends_a_message_that_proves_the_address_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let is_verified =
        async || ada.call("GET", "/users/me").send().await.expect(200).json()["emailVerified"].clone();
    assert_eq!(is_verified().await, false);
    let first = shop.mail(&ada.email, "email-verification").await;
    ada.call("POST", "/users/email-verification").send().await.expect(202);
    let second = loop {
        let mail = shop.mail(&ada.email, "email-verification").await;
        if mail["eventId"] != first["eventId"] {
            break mail;
        }
    };
    let path = "/users/email-verification/confirm";
    let token = |mail: &Value| json!({ "token": mail["token"] });
    confirm(&shop, path, &token(&first)).await.problem(400, "invalid-one-time-token");
    // It is of no use for anything else.
    let reset = json!({ "token": second["token"], "newPassword": "another horse" });
    let refused = confirm(&shop, "/users/password-reset/confirm", &reset).await;
    refused.problem(400, "invalid-one-time-token");
    confirm(&shop, path, &token(&second)).await.expect(204);
    assert_eq!(is_verified().await, true);
    confirm(&shop, path, &token(&second)).await.problem(400, "invalid-one-time-token");
    confirm(&shop, path, &json!({ "token": "garbage" })).await.problem(400, "invalid-one-time-token");
}

async fn a_forgotten_password_is_reset_once_and_every_session_ends(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let phone = shop.client.log_in(&ada.email, "correct horse").await;
    let request = json!({ "email": ada.email.to_uppercase() });
    confirm(&shop, "/users/password-reset", &request).await.expect(202);
    let mail = shop.mail(&ada.email, "password-reset").await;
    let path = "/users/password-reset/confirm";
    let with = |password: &str| json!({ "token": mail["token"], "newPassword": password });
    // A password that cannot be chosen costs no token.
    let weak = shop.client.call("POST", path).json(&with("password1")).send().await;
    weak.problem(422, "validation-failed");
    confirm(&shop, path, &with("another horse")).await.expect(204);
    confirm(&shop, path, &with("third horse")).await.problem(400, "invalid-one-time-token");
    for session in [&ada, &phone] {
        session.call("GET", "/users/me").send().await.problem(401, "invalid-token");
        shop.client.refresh(&session.refresh_token).await.problem(401, "invalid-refresh-token");
    }
    shop.client.try_log_in(&ada.email, "correct horse").await.problem(401, "invalid-credentials");
    let back = shop.client.log_in(&ada.email, "another horse").await;
    // A client that received the message has proven the address.
    assert_eq!(back.call("GET", "/users/me").send().await.json()["emailVerified"], true);
    shop.mail(&ada.email, "password-changed").await;
}

async fn a_reset_message_is_good_for_thirty_minutes(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    confirm(&shop, "/users/password-reset", &json!({ "email": ada.email })).await.expect(202);
    let mail = shop.mail(&ada.email, "password-reset").await;
    let left = "select extract(epoch from expires_at - now())::float8 from one_time_tokens
                where user_id = $1 and purpose = 'password-reset'";
    let db = users_db().await;
    let left: f64 = db.query_one(left, &[&ada.id]).await.unwrap().get(0);
    assert!((1700.0..=1800.0).contains(&left), "{left}");
    db.execute("update one_time_tokens set expires_at = now() where user_id = $1", &[&ada.id]).await.unwrap();
    let body = json!({ "token": mail["token"], "newPassword": "another horse" });
    let late = confirm(&shop, "/users/password-reset/confirm", &body).await;
    late.problem(400, "invalid-one-time-token");
    ada.call("GET", "/users/me").send().await.expect(200);
}

async fn a_message_is_signed_and_says_what_it_is(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    shop.mail(&ada.email, "email-verification").await;
    let (posted, message) = shop.mailbox.posted(&ada.email).remove(0);
    assert_eq!(posted.path, "/hook");
    assert_eq!(message["userId"], ada.id);
    assert_eq!(message["fullName"], "Some Shopper");
    let header = |name: &str| posted.headers[name].to_str().unwrap();
    assert_eq!(header("webhook-id"), message["eventId"]);
    let timestamp: u64 = header("webhook-timestamp").parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(timestamp) < 300);
    let signatures: Vec<&str> = header("webhook-signature").split(' ').collect();
    assert_eq!(signatures.len(), 2, "one for each secret");
    for secret in NOTIFICATION_SECRETS.split(',') {
        assert_eq!(standard_webhooks::verify(secret, &posted), Ok(()));
    }
    let another = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    assert!(standard_webhooks::verify(another, &posted).unwrap_err().contains("No matching signature"));
}

async fn a_message_that_is_refused_is_sent_again_as_the_same_event(shop: Arc<Shop>) {
    let email = new_email();
    shop.mailbox.refuse(&email, true);
    let body = json!({ "email": email, "password": "correct horse", "fullName": "Late" });
    shop.client.call("POST", "/users/register").json(&body).send().await.expect(201);
    let first = shop.mail(&email, "email-verification").await;
    let db = users_db().await;
    let state = async || {
        let sql = "select attempts, delivered_at is not null, last_error, next_attempt_at > now()
                   from notifications n join users u on u.id = n.user_id where u.email = $1";
        let row = db.query_one(sql, &[&email]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, bool>(1), row.get::<_, Option<String>>(2), row.get::<_, bool>(3))
    };
    // The post may have arrived before its outcome is written down.
    for _ in 0..50 {
        if state().await.2.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let failed = "it answered 500 Internal Server Error".to_owned();
    assert_eq!(state().await, (1, false, Some(failed), true), "it is kept, for later");
    shop.mailbox.refuse(&email, false);
    let due = "update notifications set next_attempt_at = now() where user_id = (select id from users where email = $1)";
    db.execute(due, &[&email]).await.unwrap();
    for _ in 0..50 {
        let deliver = shop.client.call("POST", "/internal/users/notifications/deliver");
        deliver.bearer(SERVICE_TOKEN).send().await.expect(200);
        if state().await.1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(state().await.1);
    let posted = shop.mailbox.posted(&email);
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[1].1, first, "the same event, with the same token");
}

async fn only_the_services_deliver_messages(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    let path = "/internal/users/notifications/deliver";
    shop.client.call("POST", path).send().await.problem(401, "missing-token");
    admin.call("POST", path).send().await.problem(401, "invalid-token");
}
