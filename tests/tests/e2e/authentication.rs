//! The security checklist, lines 1 to 14: passwords and sessions. (Times are in `timing`, limits in `throttling`.)

use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_tests::client::new_email;
use cartwheel_tests::shop::{database_port, users_db};
use cartwheel_tests::{Answer, Shop, Shopper};
use serde_json::json;

crate::tests![
    an_unknown_address_and_a_wrong_password_get_the_same_response,
    a_reset_does_not_reveal_whether_an_address_exists,
    a_password_has_8_to_256_characters_of_any_kind_and_every_one_of_them_counts,
    common_passwords_are_refused,
    an_overlong_password_is_refused_at_once_and_never_hashed,
    a_stored_hash_is_argon2id_with_a_random_salt_of_its_own,
    a_hash_of_old_parameters_is_upgraded_at_the_next_login,
    a_token_is_new_at_each_login_and_never_the_clients,
    a_refresh_token_is_opaque_kept_as_a_hash_and_rotates,
    a_rotated_refresh_token_that_comes_back_ends_the_session,
    #[alone]
    a_hundred_refreshes_at_once_have_one_successor,
    logout_ends_access_and_refresh_at_once,
    a_change_of_the_password_ends_all_other_sessions_at_once,
    a_change_of_the_password_needs_the_present_one,
    a_session_ends_after_its_absolute_and_after_its_idle_lifetime,
];

fn names(answer: &Answer) -> Vec<String> {
    answer.headers.keys().map(ToString::to_string).collect()
}

async fn an_unknown_address_and_a_wrong_password_get_the_same_response(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let admin = shop.admin().await;
    let disabled = shop.client.shopper().await;
    let disable = admin.call("PATCH", &format!("/users/{}", disabled.id)).json(&json!({ "disabled": true }));
    disable.send().await.expect(200);
    let log_in = async |email: &str, password: &str| -> Answer {
        let body = json!({ "email": email, "password": password });
        shop.client.call("POST", "/users/login").json(&body).header("x-request-id", "r").send().await
    };
    let wrong = log_in(&ada.email, "wrong horse").await;
    for (email, password) in [
        ("unknown@example.com", "wrong horse"),
        ("not an address", "wrong horse"),
        ("", ""),
        // With the right password, too.
        (&disabled.email, "correct horse"),
    ] {
        let other = log_in(email, password).await;
        assert_eq!((other.status, other.text()), (401, wrong.text()), "{email}");
        assert_eq!(names(&other), names(&wrong), "{email}");
    }
    wrong.problem(401, "invalid-credentials");
}

async fn a_reset_does_not_reveal_whether_an_address_exists(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let request = async |email: &str| -> Answer {
        let body = json!({ "email": email });
        shop.client.call("POST", "/users/password-reset").json(&body).send().await.expect(202)
    };
    let known = request(&ada.email).await;
    for email in ["unknown@example.com", "not an address", ""] {
        let unknown = request(email).await;
        assert_eq!((unknown.text(), names(&unknown)), (known.text(), names(&known)), "{email}");
    }
}

async fn register(shop: &Shop, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password, "fullName": "Some Shopper" });
    shop.client.call("POST", "/users/register").json(&body).wrong().send().await
}

async fn a_password_has_8_to_256_characters_of_any_kind_and_every_one_of_them_counts(shop: Arc<Shop>) {
    for refused in ["", "sevensv", "🎡🎡🎡🎡🎡🎡🎡", &"x".repeat(257)] {
        register(&shop, &new_email(), refused).await.problem(422, "validation-failed");
    }
    for chosen in ["eightchr", &"x".repeat(64), &"y".repeat(128), &"🎡".repeat(256), "  пароль дня  "]
    {
        let email = new_email();
        register(&shop, &email, chosen).await.expect(201);
        let cut: String = chosen.chars().take(chosen.chars().count() - 1).collect();
        for wrong in [&cut, chosen.trim(), &format!("{chosen} "), &chosen.to_uppercase()] {
            if wrong != chosen {
                let answer =
                    shop.client.try_log_in(&email, &wrong.chars().take(256).collect::<String>()).await;
                assert!(answer.status == 401 || wrong.chars().count() > 256, "{wrong:?}");
            }
        }
        shop.client.log_in(&email, chosen).await;
    }
    // The 65th character, and the 73rd, where others stop reading.
    let email = new_email();
    register(&shop, &email, &format!("{}a", "x".repeat(72))).await.expect(201);
    for wrong in
        [format!("{}b", "x".repeat(72)), "x".repeat(72), format!("{}b{}", "x".repeat(64), "x".repeat(8))]
    {
        shop.client.try_log_in(&email, &wrong).await.problem(401, "invalid-credentials");
    }
}

async fn common_passwords_are_refused(shop: Arc<Shop>) {
    for common in ["password", "PassWord1", "12345678", "iloveyou", "qwertyuiop"] {
        let refused = register(&shop, &new_email(), common).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["code"], "password-too-common", "{common}");
    }
}

async fn an_overlong_password_is_refused_at_once_and_never_hashed(shop: Arc<Shop>) {
    let (mut megabyte, mut sixty_kb) = (Duration::MAX, Duration::MAX);
    let body = json!({ "email": "a@b.cd", "password": "x".repeat(60_000) });
    for _ in 0..30 {
        // A megabyte is refused for what its head says.
        let started = Instant::now();
        let json = "content-type: application/json\r\n";
        assert_eq!(shop.client.announce("/users/login", json, 1 << 20).await, 413);
        megabyte = megabyte.min(started.elapsed());
        // What fits into a body is read, and refused before it is hashed.
        let started = Instant::now();
        let refused = shop.client.call("POST", "/users/login").json(&body).wrong().send().await;
        refused.problem(422, "validation-failed");
        sixty_kb = sixty_kb.min(started.elapsed());
    }
    assert!(megabyte < Duration::from_millis(5), "{megabyte:?}");
    assert!(sixty_kb < Duration::from_millis(30), "{sixty_kb:?}, and a hash takes twice as long");
}

async fn hash_of(email: &str) -> String {
    let sql = "select password_hash from users where email = $1";
    users_db().await.query_one(sql, &[&email]).await.unwrap().get(0)
}

async fn a_stored_hash_is_argon2id_with_a_random_salt_of_its_own(shop: Arc<Shop>) {
    let (ada, bob) = (shop.client.shopper().await, shop.client.shopper().await);
    let (first, second) = (hash_of(&ada.email).await, hash_of(&bob.email).await);
    assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
    let salt = |hash: &str| hash.split('$').nth(4).unwrap().to_owned();
    // 16 bytes are 22 characters of base64.
    assert_eq!(salt(&first).len(), 22);
    assert_ne!(salt(&first), salt(&second), "one password, two salts");
    assert_ne!(first, second);
}

async fn a_hash_of_old_parameters_is_upgraded_at_the_next_login(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let dearer = [("PASSWORD_MEMORY_KIB", "20480"), ("PASSWORD_PASSES", "3")];
    let dearer = Shop::start_with(database_port(), &dearer);
    dearer.client.try_log_in(&ada.email, "wrong horse").await.problem(401, "invalid-credentials");
    assert!(
        hash_of(&ada.email).await.contains("m=19456,t=2"),
        "only its owner's password can be hashed anew"
    );
    dearer.client.log_in(&ada.email, "correct horse").await;
    let upgraded = hash_of(&ada.email).await;
    assert!(upgraded.contains("m=20480,t=3"), "{upgraded}");
    dearer.client.log_in(&ada.email, "correct horse").await;
    assert_eq!(hash_of(&ada.email).await, upgraded, "once is enough");
    // The sessions know nothing of it.
    ada.call("GET", "/users/me").send().await.expect(200);
}

async fn a_token_is_new_at_each_login_and_never_the_clients(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let body = json!({ "email": ada.email, "password": "correct horse" });
    let mut tokens = vec![ada.token.clone(), ada.refresh_token.clone()];
    for _ in 0..3 {
        let login = shop.client.call("POST", "/users/login").json(&body).bearer(&ada.token);
        let login = login.header("cookie", &format!("session={}", ada.token)).send().await.expect(200);
        assert!(login.headers.get("set-cookie").is_none());
        let login = login.json();
        tokens.extend(["token", "refreshToken"].map(|name| login[name].as_str().unwrap().to_owned()));
    }
    let distinct: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(distinct.len(), tokens.len());
    let fixed = json!({ "email": ada.email, "password": "correct horse", "refreshToken": ada.refresh_token });
    let fixed = shop.client.call("POST", "/users/login").json(&fixed).wrong().send().await;
    fixed.problem(422, "validation-failed");
}

async fn a_refresh_token_is_opaque_kept_as_a_hash_and_rotates(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let rows = users_db().await;
    let rows = rows.query_one("select string_agg(s::text, ' ') from user_sessions s", &[]).await.unwrap();
    let kept: String = rows.get(0);
    assert!(!kept.contains(&ada.refresh_token), "the token itself is kept");
    // 128 random bits and a MAC of 256 are in it; nothing of it can be read.
    assert!(ada.refresh_token.len() >= 64 && !ada.refresh_token.contains('.'));
    assert!(!ada.refresh_token.contains(&ada.email));
    let next = shop.client.refresh(&ada.refresh_token).await.expect(200).json();
    assert_ne!(next["refreshToken"], ada.refresh_token);
    // It is no access token.
    let wrong_kind = shop.client.call("GET", "/users/me").bearer(&ada.refresh_token).send().await;
    wrong_kind.problem(401, "invalid-token");
    shop.client.refresh(&ada.token).await.problem(401, "invalid-refresh-token");
}

async fn a_rotated_refresh_token_that_comes_back_ends_the_session(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let next = shop.client.refresh(&ada.refresh_token).await.expect(200).json();
    // Within ten seconds it is a retry, and gets the same successor; after that it is a thief's.
    let retry = shop.client.refresh(&ada.refresh_token).await.expect(200).json();
    assert_eq!(retry["refreshToken"], next["refreshToken"]);
    let later = "update user_sessions set rotated_at = now() - interval '11 seconds' where user_id = $1";
    users_db().await.execute(later, &[&ada.id]).await.unwrap();
    shop.client.refresh(&ada.refresh_token).await.problem(401, "invalid-refresh-token");
    let successor = next["refreshToken"].as_str().unwrap();
    shop.client.refresh(successor).await.problem(401, "invalid-refresh-token");
    ada.call("GET", "/users/me").send().await.problem(401, "invalid-token");
}

async fn a_hundred_refreshes_at_once_have_one_successor(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let refreshes = (0..100).map(|_| shop.client.refresh(&ada.refresh_token));
    let answers = futures_util::future::join_all(refreshes).await;
    let mut successors: Vec<_> =
        answers.into_iter().map(|answer| answer.expect(200).json()["refreshToken"].clone()).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1, "{successors:?}");
    ada.call("GET", "/users/me").send().await.expect(200);
    shop.client.refresh(successors[0].as_str().unwrap()).await.expect(200);
}

#[track_caller]
fn is_out(access: Answer, refresh: Answer) {
    access.problem(401, "invalid-token");
    refresh.problem(401, "invalid-refresh-token");
}

async fn check_out(shopper: &Shopper) {
    for path in ["/users/me", "/users/verify-token", "/orders/cart"] {
        let access = shopper.call("GET", path).send().await;
        is_out(access, shopper.client.refresh(&shopper.refresh_token).await);
    }
}

async fn logout_ends_access_and_refresh_at_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let phone = shop.client.log_in(&ada.email, "correct horse").await;
    let tablet = shop.client.log_in(&ada.email, "correct horse").await;
    ada.call("POST", "/users/logout").send().await.expect(204);
    check_out(&ada).await;
    phone.call("GET", "/users/me").send().await.expect(200);
    phone.call("POST", "/users/logout-all").send().await.expect(204);
    check_out(&phone).await;
    check_out(&tablet).await;
}

async fn change_password(shopper: &Shopper, current: &str, new: &str) -> Answer {
    let body = json!({ "currentPassword": current, "newPassword": new });
    shopper.call("PUT", "/users/me/password").json(&body).wrong().send().await
}

async fn a_change_of_the_password_ends_all_other_sessions_at_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let phone = shop.client.log_in(&ada.email, "correct horse").await;
    change_password(&ada, "correct horse", "another horse").await.expect(204);
    check_out(&phone).await;
    ada.call("GET", "/users/me").send().await.expect(200);
    shop.client.refresh(&ada.refresh_token).await.expect(200);
    shop.client.try_log_in(&ada.email, "correct horse").await.problem(401, "invalid-credentials");
    shop.client.log_in(&ada.email, "another horse").await;
    let message = shop.mail(&ada.email, "password-changed").await;
    assert_eq!(message["token"], json!(null));
}

async fn a_change_of_the_password_needs_the_present_one(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    change_password(&ada, "wrong horse", "another horse").await.problem(403, "wrong-password");
    change_password(&ada, "", "another horse").await.problem(403, "wrong-password");
    change_password(&ada, "correct horse", "password").await.problem(422, "validation-failed");
    let body = json!({ "newPassword": "another horse" });
    let without = ada.call("PUT", "/users/me/password").json(&body).wrong().send().await;
    without.problem(422, "validation-failed");
    shop.client.log_in(&ada.email, "correct horse").await;
}

async fn a_session_ends_after_its_absolute_and_after_its_idle_lifetime(shop: Arc<Shop>) {
    let db = users_db().await;
    for (age, is_out) in [
        ("expires_at = created_at + interval '30 days'", false),
        ("last_used_at = now() - interval '6 days 23 hours'", false),
        ("last_used_at = now() - interval '7 days'", true),
        ("expires_at = now()", true),
    ] {
        let ada = shop.client.shopper().await;
        let lasts = "select extract(epoch from expires_at - created_at)::bigint from user_sessions where user_id = $1";
        assert_eq!(db.query_one(lasts, &[&ada.id]).await.unwrap().get::<_, i64>(0), 30 * 24 * 60 * 60);
        let sql = format!("update user_sessions set {age} where user_id = $1");
        db.execute(&sql, &[&ada.id]).await.unwrap();
        if is_out {
            check_out(&ada).await;
        } else {
            ada.call("GET", "/users/me").send().await.expect(200);
            shop.client.refresh(&ada.refresh_token).await.expect(200);
        }
    }
}
