//! What the components write. These run last, one after the other.

use std::sync::Arc;

use cartwheel_tests::Shop;
use cartwheel_tests::client::secrets;
use cartwheel_tests::shop::{
    NOTIFICATION_SECRETS, SERVICE_TOKEN, SIGNING_SEED, all_log_lines, database_port, key_pair,
};
use serde_json::{Value, json};

crate::tests![
    #[last]
    no_secret_is_in_any_line_of_any_log,
    #[last]
    without_a_receiver_messages_wait_in_production_and_are_logged_in_development,
];

async fn no_secret_is_in_any_line_of_any_log(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    shop.client.try_log_in(&ada.email, "wrong canary horse").await.problem(401, "invalid-credentials");
    shop.client.refresh("a-canary-that-is-no-token").await.problem(401, "invalid-refresh-token");
    let log = all_log_lines().join("\n");
    assert!(log.lines().any(|line| line.contains("/users/token/refresh")), "nothing is logged");
    let mut secrets = secrets();
    assert!(secrets.len() >= 4, "no secret was collected");
    secrets.extend(NOTIFICATION_SECRETS.split(',').map(str::to_owned));
    secrets.extend([SERVICE_TOKEN, "a-database-password-for-tests", "$argon2id$"].map(str::to_owned));
    secrets.insert(key_pair("test-1", SIGNING_SEED).0);
    for secret in secrets {
        // What JSON escapes would hide it.
        let escaped = serde_json::to_string(&secret).unwrap();
        for form in [secret.as_str(), escaped.trim_matches('"')] {
            assert!(!log.contains(form), "the log has {form:?}");
        }
    }
    assert!(!log.contains("@example.com"), "an address is in the log");
}

async fn without_a_receiver_messages_wait_in_production_and_are_logged_in_development(_: Arc<Shop>) {
    let disabled = ("NOTIFICATION_URL", "http://notifications.invalid");
    let deliver = async |shop: &Shop| {
        let call = shop.client.call("POST", "/internal/users/notifications/deliver").bearer(SERVICE_TOKEN);
        call.send().await.expect(200).json()
    };
    let production = Shop::start_with(database_port(), &[disabled]);
    let ada = production.client.shopper().await;
    let summary = deliver(&production).await;
    assert_eq!(summary, json!({ "receiver": "nobody", "delivered": 0, "failed": 0, "abandoned": 0 }));

    // This one takes the messages of all shops that share the database, so it runs after all others.
    let development = [disabled, ("ENVIRONMENT", "development")];
    let development = Shop::start_unlogged(database_port(), &development);
    let mut lines = Vec::new();
    for _ in 0..20 {
        assert_eq!(deliver(&development).await["receiver"], "log");
        lines = development.log.lock().unwrap().clone();
        if lines.iter().any(|line| line.contains(&ada.email)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let note = lines.iter().find(|line| line.contains(&ada.email)).expect("no message in the log");
    let line: Value = serde_json::from_str(note).unwrap();
    let message = line["note"].as_array().unwrap().iter().find(|note| note["email"] == ada.email).unwrap();
    let token = json!({ "token": message["token"] });
    let verify = development.client.call("POST", "/users/email-verification/confirm");
    verify.json(&token).send().await.expect(204);
}
