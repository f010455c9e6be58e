//! Runs `k8s/deploy.sh` with a fake `kubectl` and `curl` that inject failures.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use cartwheel_tests::environment;

const OLD: &str = "20260101-090000-aaaaaaa";
const NEW: &str = "20260202-100000-bbbbbbb";

/// Imitates the cluster: stores the applied image in a file, and fails the step of the new version that $FAIL names.
const KUBECTL: &str = r#"#!/bin/sh
echo "kubectl $*" >> "$STATE/calls"
image=$(cat "$STATE/image" 2>/dev/null || true)
case "$*" in
  "kustomize "*) printf 'image: registry/ecommerce-images/app:20260101-000000-0000000\n' ;;
  *"get spinapp"*) printf '%s' "$image" ;;
  *"get deployment"*) [ "$FAIL" = operator ] && case $image in *bbbbbbb) exit 0 ;; esac; printf '%s' "$image" ;;
  *"--selector ecommerce/stage=app"*)
    for last; do :; done
    sed 's/image: //' "$last" > "$STATE/image" ;;
  *"wait --for"*) [ "$FAIL" != migrate ] ;;
  *"rollout status deployment/users-service"*)
    case "$FAIL:$image" in rollout:*bbbbbbb|everything:*) echo "error: timed out" >&2; exit 1 ;; esac ;;
  *) ;;
esac
"#;

const CURL: &str = r#"#!/bin/sh
echo "curl $*" >> "$STATE/calls"
case "$*" in
  *alerts.example*) ;;
  *"/orders/health"*) case "$FAIL:$(cat "$STATE/image")" in health:*bbbbbbb) exit 22 ;; esac ;;
esac
"#;

struct Cluster {
    folder: PathBuf,
}

struct Deployment {
    has_succeeded: bool,
    calls: Vec<String>,
    log: String,
    image: String,
}

impl Cluster {
    fn new(name: &str, image: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cartwheel-deploy-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (program, text) in [("kubectl", KUBECTL), ("curl", CURL)] {
            fs::write(folder.join(program), text).unwrap();
            fs::set_permissions(folder.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(folder.join("image"), image).unwrap();
        Self { folder }
    }

    fn deploy(&self, fail: &str, tag: &str) -> Deployment {
        let path = format!("{}:{}", self.folder.display(), std::env::var("PATH").unwrap());
        let e2e = if fail == "e2e" { "exit 1" } else { "true" };
        let output = Command::new(format!("{}/k8s/deploy.sh", environment("CARTWHEEL_ROOT")))
            .args(["staging", tag])
            .env("PATH", path)
            .env("STATE", &self.folder)
            .env("FAIL", fail)
            .env("PAUSE", "0")
            .env("E2E", e2e)
            .env("BASE_URL", "https://shop.example")
            .env("ALERT_WEBHOOK_URL", "https://alerts.example/hook")
            .output()
            .unwrap();
        let calls = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        Deployment {
            has_succeeded: output.status.success(),
            calls: calls.lines().map(str::to_owned).collect(),
            log: String::from_utf8(output.stderr).unwrap(),
            image: fs::read_to_string(self.folder.join("image")).unwrap().trim().to_owned(),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Deployment {
    #[track_caller]
    fn position(&self, part: &str) -> usize {
        let found = self.calls.iter().position(|call| call.contains(part));
        found.unwrap_or_else(|| panic!("{part} was not called: {:#?}\n{}", self.calls, self.log))
    }

    fn alerts(&self) -> Vec<&String> {
        self.calls.iter().filter(|call| call.contains("alerts.example")).collect()
    }
}

fn app(tag: &str) -> String {
    format!("registry/ecommerce-images/app:{tag}")
}

#[test]
fn a_version_that_passes_all_checks_is_kept() {
    let deployed = Cluster::new("well", &app(OLD)).deploy("", NEW);
    assert!(deployed.has_succeeded, "{}", deployed.log);
    assert_eq!(deployed.image, app(NEW));
    assert!(deployed.alerts().is_empty(), "{:?}", deployed.alerts());
    // Migrations come first, then the apps, then the checks.
    let order = [
        "apply --selector !ecommerce/stage",
        "rollout status deployment/products-db-proxy",
        "delete job migrate",
        "apply --selector ecommerce/stage=migrate",
        "wait --for condition=complete job/migrate",
        "apply --selector ecommerce/stage=app",
        "get deployment users-service",
        "apply --server-side",
        "rollout status deployment/users-service",
        "https://shop.example/orders/health",
    ];
    let positions: Vec<usize> = order.iter().map(|part| deployed.position(part)).collect();
    assert!(positions.is_sorted(), "{:#?}", deployed.calls);
}

#[test]
fn a_version_that_fails_a_check_is_rolled_back_with_an_alert() {
    for (fail, reason) in [
        ("rollout", "its pods do not become ready"),
        ("health", "a health check failed"),
        ("e2e", "the end-to-end test failed"),
        ("operator", "the operator did not update the Deployments"),
    ] {
        let deployed = Cluster::new(fail, &app(OLD)).deploy(fail, NEW);
        assert!(!deployed.has_succeeded, "{fail}");
        assert_eq!(deployed.image, app(OLD), "{fail}: the previous version runs again");
        let alerts = deployed.alerts();
        assert_eq!(alerts.len(), 1, "{fail}: {alerts:?}");
        assert!(
            alerts[0].contains(reason) && alerts[0].contains(OLD) && alerts[0].contains(NEW),
            "{}",
            alerts[0]
        );
        let applied =
            deployed.calls.iter().filter(|call| call.contains("apply --selector ecommerce/stage=app"));
        assert_eq!(applied.count(), 2, "{fail}: the new version, then the previous one");
        // The operator would revert `kubectl rollout undo`.
        assert!(!deployed.calls.iter().any(|call| call.contains("undo")));
    }
}

#[test]
fn failed_migrations_leave_the_apps_unchanged() {
    let deployed = Cluster::new("migrate", &app(OLD)).deploy("migrate", NEW);
    assert!(!deployed.has_succeeded);
    assert_eq!(deployed.image, app(OLD));
    assert!(!deployed.calls.iter().any(|call| call.contains("ecommerce/stage=app")));
    assert!(deployed.alerts()[0].contains("migrations"), "{:?}", deployed.alerts());
}

#[test]
fn a_rollback_that_fails_or_has_no_previous_version_is_reported() {
    let both = Cluster::new("everything", &app(OLD)).deploy("everything", NEW);
    assert!(!both.has_succeeded);
    assert!(both.alerts()[0].contains("an operator must intervene"), "{:?}", both.alerts());
    let first = Cluster::new("first", "").deploy("rollout", NEW);
    assert!(!first.has_succeeded);
    assert!(first.alerts()[0].contains("there is no previous version"), "{:?}", first.alerts());
}

#[test]
fn a_malformed_tag_is_rejected() {
    for tag in ["latest", "1.2.3", "20260101", ""] {
        let cluster = Cluster::new("tag", &app(OLD));
        let deployed = cluster.deploy("", tag);
        assert!(!deployed.has_succeeded && deployed.calls.is_empty(), "{tag}: {:?}", deployed.calls);
    }
}
