//! The security checklist, lines 7 and 8: guessing is limited, for an account and for an address.

use std::sync::Arc;

use cartwheel_tests::client::new_email;
use cartwheel_tests::shop::{database_port, users_db};
use cartwheel_tests::{Answer, Shop, environment};
use serde_json::json;

crate::tests![
    ten_failures_close_an_account_for_every_address_and_it_opens_again,
    an_unknown_address_is_closed_like_a_known_one,
    a_right_password_forgets_the_failures_before_it,
    guesses_of_a_logged_in_user_count_too,
    failures_over_many_accounts_are_throttled_by_their_address,
    a_forged_address_changes_nothing,
    registrations_and_messages_are_throttled_by_their_address,
];

/// A shop with the limits that the manifest gives, behind one proxy: so a test can come from many addresses.
fn limited() -> Shop {
    let text = std::fs::read_to_string(format!("{}/spin.toml", environment("CARTWHEEL_ROOT"))).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let default = |name: &str| manifest["variables"][name]["default"].as_str().unwrap().to_owned();
    let (logins, registrations) = (default("logins_per_minute"), default("registrations_per_minute"));
    assert_eq!((logins.as_str(), registrations.as_str()), ("30", "10"));
    let limits = [
        ("LOGINS_PER_MINUTE", logins.as_str()),
        ("REGISTRATIONS_PER_MINUTE", &registrations),
        ("TRUSTED_HOPS", "1"),
    ];
    Shop::start_with(database_port(), &limits)
}

/// A login through the proxy, which has appended the client's address.
async fn log_in(shop: &Shop, forwarded: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    shop.client.call("POST", "/users/login").json(&body).header("x-forwarded-for", forwarded).send().await
}

#[track_caller]
fn check_closed(answer: Answer) {
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&seconds), "{seconds}");
    assert!(answer.header("ratelimit").starts_with("\"default\";r=0;t="));
    answer.problem(429, "too-many-attempts");
}

async fn ten_failures_close_an_account_for_every_address_and_it_opens_again(shop: Arc<Shop>) {
    let limited = limited();
    let (ada, bob) = (shop.client.shopper().await, shop.client.shopper().await);
    for number in 0..10 {
        let address = format!("192.0.2.{number}");
        log_in(&limited, &address, &ada.email, "wrong horse").await.problem(401, "invalid-credentials");
    }
    for address in ["192.0.2.0", "192.0.2.200", "2001:db8::1"] {
        check_closed(log_in(&limited, address, &ada.email, "correct horse").await);
    }
    log_in(&limited, "192.0.2.0", &bob.email, "correct horse").await.expect(200);
    // Existing sessions stay valid.
    ada.call("GET", "/users/me").send().await.expect(200);
    let sql = "update throttle_counters set window_ends_at = now() where slot = throttle_slot($1)";
    users_db().await.execute(sql, &[&ada.email]).await.unwrap();
    log_in(&limited, "192.0.2.200", &ada.email, "correct horse").await.expect(200);
}

async fn an_unknown_address_is_closed_like_a_known_one(_: Arc<Shop>) {
    let limited = limited();
    let unknown = new_email();
    for number in 0..10 {
        let address = format!("192.0.3.{number}");
        log_in(&limited, &address, &unknown, "wrong horse").await.problem(401, "invalid-credentials");
    }
    check_closed(log_in(&limited, "192.0.3.200", &unknown, "wrong horse").await);
}

async fn a_right_password_forgets_the_failures_before_it(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for _ in 0..2 {
        for _ in 0..9 {
            shop.client.try_log_in(&ada.email, "wrong horse").await.problem(401, "invalid-credentials");
        }
        shop.client.log_in(&ada.email, "correct horse").await;
    }
}

async fn guesses_of_a_logged_in_user_count_too(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for number in 0..10 {
        let (path, method, body) = match number % 2 {
            0 => ("/users/me", "DELETE", json!({ "password": "wrong horse" })),
            _ => {
                let body = json!({ "currentPassword": "wrong horse", "newPassword": "another horse" });
                ("/users/me/password", "PUT", body)
            }
        };
        ada.call(method, path).json(&body).send().await.problem(403, "wrong-password");
    }
    let body = json!({ "password": "correct horse" });
    check_closed(ada.call("DELETE", "/users/me").json(&body).send().await);
    check_closed(shop.client.try_log_in(&ada.email, "correct horse").await);
}

async fn failures_over_many_accounts_are_throttled_by_their_address(_: Arc<Shop>) {
    let limited = limited();
    let attempts = (0..100).map(async |_| log_in(&limited, "192.0.4.1", &new_email(), "wrong horse").await);
    let answers = futures_util::future::join_all(attempts).await;
    let let_through = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(let_through, 30);
    answers.into_iter().filter(|answer| answer.status != 401).for_each(check_closed);
    let elsewhere = log_in(&limited, "192.0.4.2", &new_email(), "wrong horse").await;
    assert_eq!(elsewhere.header("ratelimit-policy"), "\"default\";q=30;w=60");
    assert!(elsewhere.header("ratelimit").starts_with("\"default\";r=29;t="));
    elsewhere.problem(401, "invalid-credentials");
}

async fn a_forged_address_changes_nothing(_: Arc<Shop>) {
    let limited = limited();
    for number in 0..40 {
        // What a client makes up stands before what the proxy appends, in the same header or in one of its own.
        let body = json!({ "email": new_email(), "password": "wrong horse" });
        let call = limited.client.call("POST", "/users/login").json(&body);
        let call = call.header("x-forwarded-for", &format!("198.51.100.{number}"));
        let call = call.header("x-forwarded-for", &format!("203.0.113.{number}, 192.0.5.1"));
        let call = call.header("spin-client-addr", &format!("198.51.100.{number}:80"));
        let answer = call.header("x-real-ip", &format!("198.51.100.{number}")).send().await;
        assert_eq!(answer.status, if number < 30 { 401 } else { 429 }, "{number}");
    }
    // All of a /64 is one client.
    for number in 0..31 {
        let address = format!("2001:db8:5:1::{number:x}");
        let answer = log_in(&limited, &address, &new_email(), "wrong horse").await;
        assert_eq!(answer.status, if number < 30 { 401 } else { 429 }, "{number}");
    }
}

async fn registrations_and_messages_are_throttled_by_their_address(_: Arc<Shop>) {
    let limited = limited();
    let call = async |path: &str, body: serde_json::Value| {
        let call = limited.client.call("POST", path).json(&body);
        call.header("x-forwarded-for", "192.0.6.1").send().await
    };
    let register = async || {
        let body = json!({ "email": new_email(), "password": "correct horse", "fullName": "Some Shopper" });
        call("/users/register", body).await
    };
    let reset = async || call("/users/password-reset", json!({ "email": new_email() })).await;
    let confirm = async || {
        let body = json!({ "token": "garbage", "newPassword": "another horse" });
        call("/users/password-reset/confirm", body).await
    };
    for _ in 0..10 {
        register().await.expect(201);
        reset().await.expect(202);
        confirm().await.problem(400, "invalid-one-time-token");
    }
    check_closed(register().await);
    check_closed(reset().await);
    check_closed(confirm().await);
}
