//! A PostgreSQL server of this tool: on a free port, in a folder of its own, with a random password.

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
use crate::keys;
use crate::process::{last_lines, output, run};

/// A running server. It is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    password: String,
    is_throwaway: bool,
}

impl Cluster {
    /// Starts the server in `folder`, and makes it first if there is none.
    pub(crate) fn start(folder: &Path, programs: &Programs) -> anyhow::Result<Self> {
        let (data, secret) = (folder.join("data"), folder.join("password"));
        if programs::major_of_data(&data).is_none() {
            make(folder, programs)?;
        }
        let password =
            fs::read_to_string(&secret).with_context(|| format!("cannot read {}", secret.display()))?;
        // The port of a server that an earlier run left is not known.
        stop(&data)?;
        let cluster = Self { folder: folder.to_owned(), port: free_port()?, password, is_throwaway: false };
        if let Err(error) = cluster.launch(programs) {
            // An interrupted pg_ctl may have started a server that has not written its process id yet. Dropping the cluster stops it.
            std::thread::sleep(Duration::from_millis(200));
            return Err(error);
        }
        Ok(cluster)
    }

    /// Starts a new server in a folder that is removed with it.
    pub(crate) fn throwaway(programs: &Programs) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("cartwheel-pg-{}", std::process::id()));
        let mut cluster = Self::start(&folder, programs)?;
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

    /// The port on which it listens.
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
        let mut pg_ctl = user::as_server(&programs.file("pg_ctl"))?;
        pg_ctl.arg("-D").arg(self.folder.join("data")).args(["-s", "start", "-w", "-t", "60", "-l"]);
        // Not captured: the server inherits the pipe, and reading it would never end.
        pg_ctl.arg(&log).args(["-o", &options]).stdout(Stdio::null()).stderr(Stdio::null());
        run(&mut pg_ctl)
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

/// Makes a new data folder.
fn make(folder: &Path, programs: &Programs) -> anyhow::Result<()> {
    let secret = folder.join("password");
    fs::create_dir_all(folder)?;
    // An interrupted initdb leaves an incomplete folder: the data has its name only when it is complete.
    let fresh = folder.join("data.new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::write(&secret, keys::password()?)?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    user::give_to_server(folder)?;
    let mut initdb = user::as_server(&programs.file("initdb"))?;
    initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
    initdb.arg("--no-instructions").arg("--pwfile").arg(&secret).arg("--pgdata").arg(&fresh);
    output(&mut initdb).context("cannot make a PostgreSQL cluster")?;
    fs::rename(&fresh, folder.join("data")).context("cannot name PostgreSQL's data folder")
}

/// Returns a TCP port of this machine that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Chooses the programs for a data folder: those of its major version if they are installed. Fails if they cannot read it.
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
