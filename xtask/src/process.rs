//! Runs other programs, with errors that name the program and its own last message.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::interrupt;
use crate::redact::{redact, redact_output};

/// The maximum length of a command line in an error.
const MAX_DESCRIPTION: usize = 120;
/// The maximum number of lines that an error quotes from a failed program.
const MAX_LINES: usize = 6;

/// Prepares a [`Command`] in the project's root from one line: `cmd!("git add {file} {options...}")`. A value in braces is one
/// argument, or a part of one; a list with dots is several.
macro_rules! cmd {
    ($line:tt) => {{
        let shell = $crate::process::shell();
        ::std::process::Command::from(::xshell::cmd!(shell, $line))
    }};
}
pub(crate) use cmd;

/// Returns xshell's environment of a command line. Only its parser is used: the commands are run by this module.
#[expect(clippy::expect_used, reason = "fails only if the current folder was removed")]
pub(crate) fn shell() -> xshell::Shell {
    let shell = xshell::Shell::new().expect("the current folder does not exist");
    shell.change_dir(root());
    shell
}

/// Returns the project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Returns the folder of cargo's output.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the path of a program of the development build.
pub(crate) fn built(name: &str) -> PathBuf {
    target_dir().join("debug").join(name)
}

/// Returns the `cargo` that runs this tool.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into()
}

/// Runs a command to its end. It writes to this tool's standard output and error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = describe(command);
    let started = interrupt::spawn(command.stdin(Stdio::null()));
    let mut child = started.with_context(|| format!("cannot run {name}"))?;
    let status = child.wait();
    interrupt::forget(child.id());
    interrupt::check()?;
    let status = status?;
    ensure!(status.success(), "{name} failed ({status})");
    Ok(())
}

/// Runs a command and returns its standard output. If it fails, the error quotes its last lines.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = capture(command)?;
    if !output.status.success() {
        let lines = last_lines(&redact_output(&printed(&output), command));
        let separator = if lines.is_empty() { "" } else { ": " };
        bail!("{} failed ({}){separator}{lines}", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command that searches for faults, and returns its standard output. If it fails, all of its output is printed.
pub(crate) fn findings(command: &mut Command) -> anyhow::Result<String> {
    let output = capture(command)?;
    if !output.status.success() {
        println!("{}", redact_output(&printed(&output), command));
        bail!("{} found faults ({})", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn capture(command: &mut Command) -> anyhow::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = interrupt::spawn(command).with_context(|| format!("cannot run {}", describe(command)))?;
    let id = child.id();
    let output = child.wait_with_output();
    interrupt::forget(id);
    interrupt::check()?;
    Ok(output?)
}

fn printed(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        .trim()
        .to_owned()
}

/// Writes a command line for an error: the program's name and its arguments, shortened and without secrets.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    let line = redact_output(&words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" "), command);
    if line.chars().count() <= MAX_DESCRIPTION {
        return line;
    }
    format!("{}..", line.chars().take(MAX_DESCRIPTION).collect::<String>())
}

/// Returns the last lines of a program's output that say what failed, without a backtrace.
pub(crate) fn last_lines(text: &str) -> String {
    let is_backtrace = |line: &&str| !line.to_ascii_lowercase().starts_with("stack backtrace:");
    let mut lines: Vec<&str> = Vec::new();
    let mut is_chain = false;
    for line in text.lines().map(str::trim).take_while(is_backtrace).filter(|line| !line.is_empty()) {
        let line = line.strip_prefix("Error: ").or_else(|| line.strip_prefix("error: ")).unwrap_or(line);
        is_chain = is_chain || line == "Caused by:";
        let line = if is_chain { without_number(line) } else { line };
        let is_repeated = lines.last().is_some_and(|last| last.contains(line));
        if line != "Caused by:" && !is_repeated && !line.starts_with("note: run with `RUST_BACKTRACE") {
            lines.push(line);
        }
    }
    let first = lines.len().saturating_sub(MAX_LINES);
    redact(&lines.get(first..).unwrap_or_default().join(if is_chain { ": " } else { "\n" }))
}

/// Removes the number of a cause: `0: cannot connect`.
fn without_number(line: &str) -> &str {
    match line.split_once(": ") {
        Some((number, rest)) if number.parse::<u32>().is_ok() => rest,
        _ => line,
    }
}

/// Returns the path of a program on PATH.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script that fails like a Rust program with a backtrace.
    const MIGRATOR: &str = r#"printf '%s\n' "Error: cannot apply 0005_search to $DATABASE_URL" "" "Caused by:" \
        "    0: db error: ERROR: cannot alter table" "    1: ERROR: cannot alter table" "" \
        "Stack backtrace:" "   0: anyhow::error::new" "             at /src/error.rs:1" >&2; exit 1"#;

    #[test]
    fn a_line_becomes_a_command_with_one_argument_for_each_value() {
        let (path, options) = ("a folder/x", ["--set", "a b"]);
        let command = cmd!("{path} run {options...} --data={path}");
        assert_eq!(command.get_program(), "a folder/x");
        assert!(command.get_args().eq(["run", "--set", "a b", "--data=a folder/x"]));
        assert_eq!(command.get_current_dir(), Some(root().as_path()));
    }

    #[test]
    fn a_failed_migrator_is_one_line_without_backtrace_and_password() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", MIGRATOR, "password=hunter22", "postgres://admin:hunter22@host/db"]);
        command.env("DATABASE_URL", "host=h password=hunter22 dbname=d").env("ROLE_PASSWORD", "hunter22");
        let error = format!("{:#}", output(&mut command).unwrap_err());
        let end = "cannot apply 0005_search to ***: db error: ERROR: cannot alter table";
        assert!(error.ends_with(end), "{error}");
        assert!(!error.contains("hunter22") && !error.contains("anyhow"), "{error}");
    }

    #[test]
    fn a_program_that_cannot_be_started_is_named_without_its_secrets() {
        let error = output(&mut cmd!("/nonexistent/migrate up password=hunter22")).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot run migrate up password=***"), "{error:#}");
    }

    #[test]
    fn long_output_is_reduced_to_its_last_lines() {
        let text: String = (0..20).map(|number| format!("line {number}\n")).collect();
        assert_eq!(last_lines(&text).lines().next(), Some("line 14"));
        assert_eq!(last_lines("error: one"), "one");
    }
}
