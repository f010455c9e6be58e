//! `migrate`, see `--help`.

use std::backtrace::BacktraceStatus;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lexopt::prelude::{Long, Value, ValueExt as _};
use migrate::{Changes, NewAccount, Role, Service};

const USAGE: &str = "\
migrate bootstrap      --service users|products --url ADMIN    creates the database and its role (password: $ROLE_PASSWORD)
migrate up             --service users|products --url URL      applies the migrations and functions that are not applied
migrate down           --service users|products --url URL [--to N]   drops the functions and reverts the migrations above N (default 0)
migrate status         --service users|products --url URL
migrate seed           --service users|products --url URL      fills a database for development
migrate create-account --url URL --email E --name N --role customer|admin    (password: $ACCOUNT_PASSWORD)

URL is the PostgreSQL address of a role with the necessary rights, by default $DATABASE_URL.
";

#[derive(Default)]
struct Options {
    command: Option<String>,
    service: Option<String>,
    url: Option<String>,
    to: i64,
    email: String,
    name: String,
    role: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run() -> anyhow::Result<()> {
    let options = parse_arguments()?;
    let service = || Service::parse(options.service.as_deref().context("--service is missing")?);
    let url = options.url.clone().or_else(|| std::env::var("DATABASE_URL").ok());
    let url = || url.as_deref().context("--url is missing, and DATABASE_URL is not set");
    match options.command.as_deref() {
        Some("bootstrap") => {
            let role = Role { service: service()?, password: secret("ROLE_PASSWORD")? };
            migrate::bootstrap(url()?, &role).await
        }
        Some("up") => migrate::up(service()?, url()?)
            .await
            .map(|changes| print_changes("applied", "replaced", &changes)),
        Some("down") => {
            let changes = migrate::down(service()?, url()?, options.to).await?;
            print_changes("reverted", "dropped", &changes);
            Ok(())
        }
        Some("status") => {
            for (name, is_applied) in migrate::status(service()?, url()?).await? {
                print(&format!("{} {name}", if is_applied { "applied" } else { "pending" }));
            }
            Ok(())
        }
        Some("seed") => migrate::seed(service()?, url()?).await,
        Some("create-account") => {
            let password = secret("ACCOUNT_PASSWORD")?;
            let account = NewAccount {
                email: &options.email,
                full_name: &options.name,
                role: &options.role,
                password: &password,
            };
            migrate::create_account(url()?, &account).await.map(|is_created| {
                print(if is_created { "created" } else { "exists already" });
            })
        }
        None => {
            print(USAGE);
            Ok(())
        }
        Some(other) => bail!("migrate has no command {other:?}\n{USAGE}"),
    }
}

fn parse_arguments() -> anyhow::Result<Options> {
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(command) if options.command.is_none() => options.command = Some(command.string()?),
            Long("service") => options.service = Some(arguments.value()?.string()?),
            Long("url") => options.url = Some(arguments.value()?.string()?),
            Long("to") => options.to = arguments.value()?.parse()?,
            Long("email") => options.email = arguments.value()?.string()?,
            Long("name") => options.name = arguments.value()?.string()?,
            Long("role") => options.role = arguments.value()?.string()?,
            Long("help") => options.command = None,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

/// Reads a secret from the environment. Arguments are visible to other users of the machine.
fn secret(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

fn print_changes(migrations: &str, functions: &str, changes: &Changes) {
    if *changes == Changes::default() {
        print("nothing to do");
    }
    for name in &changes.migrations {
        print(&format!("{migrations} {name}"));
    }
    if !changes.functions.is_empty() {
        print(&format!("{functions} {} functions", changes.functions.len()));
    }
}

/// Prints the error and its causes as one line. The stack is printed if `RUST_BACKTRACE` asks for it.
#[expect(clippy::print_stderr, reason = "a command line tool reports its failure")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
    let backtrace = error.backtrace();
    if backtrace.status() == BacktraceStatus::Captured {
        eprintln!("{backtrace}");
    }
}

#[expect(clippy::print_stdout, reason = "a command line tool prints its results")]
fn print(line: &str) {
    println!("{line}");
}
