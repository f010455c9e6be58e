//! Runs a private PostgreSQL server: on a free port, in its own folder, with a random password.

mod programs;
mod stop;
mod user;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;

pub(crate) use self::programs::Programs;
pub(crate) use self::stop::stop;
pub(crate) use self::user::{is_root, reachable_folder};
use crate::error::Advise as _;
use crate::process::{cmd, last_lines, output, run};
use crate::secrets;

/// A running server. It is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    password: String,
    is_throwaway: bool,
}

impl Cluster {
    /// Starts the server in `folder`, and creates its data first if there is none.
    pub(crate) fn start(folder: &Path, programs: &Programs) -> anyhow::Result<Self> {
        let (data, secret) = (folder.join("data"), folder.join("password"));
        if programs::major_of_data(&data).is_none() {
            create(folder, programs)?;
        }
        let password =
            fs::read_to_string(&secret).with_context(|| format!("cannot read {}", secret.display()))?;
        // The port of a server that an earlier run left is unknown.
        stop(&data)?;
        let cluster = Self { folder: folder.to_owned(), port: free_port()?, password, is_throwaway: false };
        if let Err(error) = cluster.launch(programs) {
            // An interrupted pg_ctl may have started a server that has not written its process id yet. Dropping the cluster stops it.
            std::thread::sleep(Duration::from_millis(200));
            return Err(error);
        }
        Ok(cluster)
    }

    /// Starts a new server in a folder that is removed when the cluster is dropped.
    pub(crate) fn throwaway(programs: &Programs) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("cartwheel-pg-{}", std::process::id()));
        let mut cluster = Self::start(&folder, programs)?;
        cluster.is_throwaway = true;
        Ok(cluster)
    }

    /// Returns the administrator's address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} user=postgres password={} dbname={database}",
            self.port, self.password
        )
    }

    /// Returns the port on which the server listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn launch(&self, programs: &Programs) -> anyhow::Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300",
            self.port
        );
        let log = self.folder.join("log");
        let _ = fs::remove_file(&log);
        let (pg_ctl, data) = (programs.file("pg_ctl"), self.folder.join("data"));
        let mut command =
            user::as_server(cmd!("{pg_ctl} -D {data} -s start -w -t 60 -l {log} -o {options}"))?;
        // Not captured: the server inherits the pipes, and reading them would not end.
        run(command.stdout(Stdio::null()).stderr(Stdio::null()))
            .with_context(|| {
                let message = fs::read_to_string(&log).unwrap_or_default();
                format!("PostgreSQL does not start: {}", last_lines(&message))
            })
            .advise(format!("Its log is {}.", log.display()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = stop(&self.folder.join("data")) {
            eprintln!("{error:#}");
        }
        if self.is_throwaway {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Creates a new data folder.
fn create(folder: &Path, programs: &Programs) -> anyhow::Result<()> {
    let secret = folder.join("password");
    fs::create_dir_all(folder)?;
    // An interrupted initdb leaves an incomplete folder, so the data is renamed when it is complete.
    let fresh = folder.join("data.new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::write(&secret, secrets::password()?)?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    user::chown_to_server(folder)?;
    let initdb = programs.file("initdb");
    let options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"];
    let command = cmd!("{initdb} {options...} --no-instructions --pwfile {secret} --pgdata {fresh}");
    output(&mut user::as_server(command)?).context("cannot create a PostgreSQL cluster")?;
    fs::rename(&fresh, folder.join("data")).context("cannot rename PostgreSQL's data folder")
}

/// Returns a TCP port of this machine that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Chooses the programs for a data folder, of its major version if they are installed. Fails if they cannot read the data.
pub(crate) fn programs_for(folder: &Path, chosen: Option<&Path>) -> anyhow::Result<Programs> {
    let data = folder.join("data");
    let major = programs::major_of_data(&data);
    let programs = Programs::find(chosen, major.as_deref())?;
    if let Some(major) = major {
        programs::check_major(&data, &major, &programs)?;
    }
    Ok(programs)
}

/// Returns whether a PostgreSQL server is installed.
pub(crate) fn is_installed() -> bool {
    Programs::installed().next().is_some()
}
