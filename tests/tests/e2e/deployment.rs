//! What is run against a deployed shop is run against this one.

use std::process::Command;
use std::sync::Arc;

use cartwheel_tests::{Shop, environment};

crate::tests![the_test_of_a_deployment_passes_here_and_fails_where_it_should,];

fn run(shop: &Shop, email: &str, password: &str) -> (bool, String) {
    let output = Command::new(format!("{}/k8s/e2e.sh", environment("CARTWHEEL_ROOT")))
        .env("BASE_URL", &shop.url)
        .env("E2E_EMAIL", email)
        .env("E2E_PASSWORD", password)
        .env("E2E_INSIDE", "yes")
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

async fn the_test_of_a_deployment_passes_here_and_fails_where_it_should(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for _ in 0..2 {
        let (is_well, output) = tokio::task::block_in_place(|| run(&shop, &ada.email, "correct horse"));
        assert!(is_well && output.ends_with("the shop works\n"), "{output}");
    }
    let (is_well, output) = tokio::task::block_in_place(|| run(&shop, &ada.email, "a wrong password"));
    assert!(!is_well && output.contains("FAILED: POST /users/login answered 401, not 200"), "{output}");
    shop.check_ledger().await;
}
