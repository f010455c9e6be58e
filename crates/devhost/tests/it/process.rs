//! The process: its variables, its output, its jobs and its end.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::platform::{Platform, Setup, command};

#[tokio::test]
async fn a_component_sees_its_variables_and_no_others() {
    let platform = Platform::with(Setup {
        environment: vec![("SPIN_VARIABLE_GREETING", "good day")],
        ..Setup::default()
    });
    let platform = platform.await;
    platform.get("/a/vars?greeting").await.is(200, "Ok(\"good day, world\")");
    for (name, error) in [("needed", "Undefined"), ("nothing", "Undefined"), ("Not-A-Name", "InvalidName")] {
        let answer = platform.get(&format!("/a/vars?{name}")).await;
        assert!(answer.body.contains(error), "{name}: {}", answer.body);
    }
    assert!(platform.get("/b/vars?greeting").await.body.contains("Undefined"));
}

#[tokio::test]
async fn a_missing_variable_refuses_the_start_and_is_named() {
    let mut command = command(&Setup::default());
    let output = command.stderr(std::process::Stdio::piped()).output().await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(told.contains("SPIN_VARIABLE_NEEDED") && told.contains(".toml"), "{told}");
}

#[tokio::test]
async fn lines_reach_the_output_whole() {
    let platform = Platform::start().await;
    platform.get("/a/say?{%22level%22:%22info%22}").await.is(200, "");
    platform.line(|line| line == r#"{"level":"info"}"#).await;
    let long = |letter: &str| letter.repeat(20_000);
    let (a, b) = (format!("/a/say?{}", long("a")), format!("/b/say?{}", long("b")));
    tokio::join!(platform.get(&a), platform.get(&b));
    platform.line(|line| line == long("a")).await;
    platform.line(|line| line == long("b")).await;
}

#[tokio::test]
async fn a_job_posts_with_the_token_of_its_environment_variable() {
    let platform = Platform::with(Setup {
        environment: vec![("PROBE_TOKEN", "secret")],
        arguments: vec!["--every", "1", "/a/whoami", "--bearer-env", "PROBE_TOKEN"],
        ..Setup::default()
    });
    platform.await.line(|line| line == r#"Some("Bearer secret")"#).await;
}

#[tokio::test]
async fn sigterm_ends_it_at_once_also_with_a_request_in_flight() {
    let mut platform = Platform::start().await;
    let mut connection = platform.connect().await;
    tokio::spawn(async move { connection.send("GET", "/a/loop", &[], "").await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let id = Pid::from_raw(platform.child.id().unwrap().try_into().unwrap());
    kill(id, Signal::SIGTERM).unwrap();
    let status = tokio::time::timeout(Duration::from_secs(3), platform.child.wait()).await;
    assert!(status.expect("still running after 3 s").unwrap().success());
}
