//! A PostgreSQL server of our own: on a free port, in a folder of its own, with a random password.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::keys;
use crate::process::{output, run, which};
use crate::toolchain::install;

/// A running server. It is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    password: String,
    is_throwaway: bool,
}

impl Cluster {
    /// Starts the server in `folder`, and makes it first if there is none.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let programs = find_programs()?;
        let (data, secret) = (folder.join("data"), folder.join("password"));
        fs::create_dir_all(folder)?;
        if !data.join("PG_VERSION").exists() {
            let password = keys::password()?;
            fs::write(&secret, &password)?;
            fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
            give_to_server(folder)?;
            let mut initdb = as_server(&programs.join("initdb"));
            initdb.args([
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            ]);
            initdb.arg("--pwfile").arg(&secret).arg("--pgdata").arg(&data);
            output(&mut initdb).context("cannot make a PostgreSQL cluster")?;
        }
        let password =
            fs::read_to_string(&secret).with_context(|| format!("cannot read {}", secret.display()))?;
        let mut cluster =
            Self { folder: folder.to_owned(), programs, port: 0, password, is_throwaway: false };
        // Left over from a run that was killed: its port is not known, and it may be damaged.
        let _ = cluster.control(&["stop", "-m", "immediate", "-w"]);
        cluster.port = free_port()?;
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300",
            cluster.port
        );
        let log = folder.join("log");
        let log = log.to_string_lossy();
        let started = cluster.control(&["start", "-w", "-t", "60", "-l", &log, "-o", &options]);
        started.with_context(|| format!("PostgreSQL does not start; see {log}"))?;
        Ok(cluster)
    }

    /// Starts a new server in a folder that goes away with it.
    pub(crate) fn throwaway() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("cartwheel-pg-{}", std::process::id()));
        let mut cluster = Self::start(&folder)?;
        cluster.is_throwaway = true;
        Ok(cluster)
    }

    /// The administrator's address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} user=postgres password={} dbname={database}",
            self.port, self.password
        )
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn control(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut pg_ctl = as_server(&self.programs.join("pg_ctl"));
        pg_ctl.arg("-D").arg(self.folder.join("data")).arg("-s").args(arguments);
        // Not captured: the server inherits the pipe, and reading it would never end.
        pg_ctl.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        run(&mut pg_ctl)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.control(&["stop", "-m", "fast", "-w", "-t", "20"]);
        if self.is_throwaway {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Stops a server that may be left in `folder`.
pub(crate) fn stop_leftover(folder: &Path) {
    if let (true, Ok(programs)) = (folder.join("data/PG_VERSION").exists(), find_programs()) {
        // Dropping it stops it.
        drop(Cluster {
            folder: folder.to_owned(),
            programs,
            port: 0,
            password: String::new(),
            is_throwaway: false,
        });
    }
}

/// A folder that the server's user can reach: below `preferred`, or else below the system's folder for such things.
pub(crate) fn reachable_folder(preferred: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(preferred)?;
    if !is_root() || output(as_server(Path::new("test")).arg("-x").arg(preferred)).is_ok() {
        return Ok(preferred.join("pg"));
    }
    let name: String =
        preferred.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let folder = Path::new("/var/tmp").join(format!("cartwheel{name}"));
    eprintln!(
        "    {} cannot be entered by PostgreSQL's user; its data is in {}",
        preferred.display(),
        folder.display()
    );
    Ok(folder.join("pg"))
}

fn find_programs() -> anyhow::Result<PathBuf> {
    let find = || {
        if let Some(folder) = which("initdb").and_then(|file| file.parent().map(Path::to_owned)) {
            return Some(folder);
        }
        let mut versions: Vec<PathBuf> =
            fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|e| e.path()).collect();
        versions.sort();
        versions.into_iter().rev().map(|version| version.join("bin")).find(|bin| bin.join("initdb").is_file())
    };
    if let Some(folder) = find() {
        return Ok(folder);
    }
    if which("brew").is_some() {
        bail!("PostgreSQL is missing; install it with\n    brew install postgresql@15");
    }
    install(&["postgresql"]).context("PostgreSQL is missing")?;
    find().context("PostgreSQL was installed, but initdb is nowhere to be found")
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// The user that runs the server if we are root: PostgreSQL refuses to run as root.
fn server_user() -> &'static str {
    let exists =
        |user: &str| Command::new("id").arg(user).output().is_ok_and(|output| output.status.success());
    if exists("postgres") { "postgres" } else { "nobody" }
}

fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let user = server_user();
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), "--clear-groups", "--"]).arg(program).current_dir("/");
    command
}

fn give_to_server(folder: &Path) -> anyhow::Result<()> {
    if is_root() {
        run(Command::new("chown").arg("-R").arg(server_user()).arg(folder))?;
    }
    Ok(())
}

pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
