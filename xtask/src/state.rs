//! The data of a development shop, in `.cartwheel/` or the folder of `--state`.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::sys::signal::Signal;

use crate::postgres::{self, Cluster, Programs};
use crate::process::root;
use crate::process_table::{command_line, signal_group};
use crate::server::Server;
use crate::steps::step;

/// The programs of a shop, besides PostgreSQL.
const PROGRAMS: [&str; 4] = ["devhost", "firestore-emulator", "spin up", "cloud_firestore_emulator"];

/// The folder of the shop's data.
#[derive(Debug, Clone)]
pub(crate) struct State(PathBuf);

impl State {
    /// Uses the chosen folder, or `.cartwheel` in the project's root.
    pub(crate) fn new(chosen: Option<&Path>) -> anyhow::Result<Self> {
        let folder = chosen.map_or_else(|| root().join(".cartwheel"), Path::to_owned);
        std::path::absolute(&folder).map(Self).with_context(|| folder.display().to_string())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Creates an empty log file.
    pub(crate) fn log(&self, name: &str) -> anyhow::Result<File> {
        let path = self.file("logs").join(format!("{name}.log"));
        fs::create_dir_all(self.file("logs"))?;
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Finds the programs for the PostgreSQL in the folder, and fails if they cannot read its data.
    pub(crate) fn database(&self, programs: Option<&Path>) -> anyhow::Result<Database> {
        let folder = postgres::reachable_folder(&self.0)?;
        let programs = postgres::programs_for(&folder, programs)?;
        Ok(Database { folder, programs })
    }

    /// Records a process of the shop, so that the next run can stop it if this tool is killed.
    pub(crate) fn record(&self, server: &Server) -> anyhow::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(self.file("processes"));
        file.and_then(|mut file| writeln!(file, "{}", server.id())).context("cannot record a process")
    }

    /// Stops the recorded processes of a run that was killed.
    pub(crate) fn stop_leftovers(&self) {
        let recorded = fs::read_to_string(self.file("processes")).unwrap_or_default();
        for id in recorded.lines().filter_map(|line| line.parse().ok()) {
            // The system may have reused the id for another program.
            let program = command_line(id).unwrap_or_default();
            if PROGRAMS.iter().any(|name| program.contains(name)) {
                signal_group(id, Signal::SIGKILL);
            }
        }
        let _ = fs::remove_file(self.file("processes"));
    }
}

/// The PostgreSQL of the shop, before it is started.
#[derive(Debug)]
pub(crate) struct Database {
    folder: PathBuf,
    programs: Programs,
}

impl Database {
    /// Starts the server.
    pub(crate) fn start(&self) -> anyhow::Result<Cluster> {
        step("start PostgreSQL", || Cluster::start(&self.folder, &self.programs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_id_of_another_program_is_not_stopped() {
        let folder = std::env::temp_dir().join(format!("cartwheel-state-test-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let state = State::new(Some(&folder)).unwrap();
        // The id of this process: if it were taken for a server, the test would end here.
        fs::write(state.file("processes"), format!("{}\nnot a number\n", std::process::id())).unwrap();
        state.stop_leftovers();
        assert!(!state.file("processes").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
