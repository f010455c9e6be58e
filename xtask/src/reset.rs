//! `reset`: stops the development shop and removes its data.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::arguments;
use crate::postgres;
use crate::state::State;

#[derive(Debug, Default)]
pub(crate) struct Options {
    state: Option<PathBuf>,
}

impl arguments::Options for Options {
    const USAGE: &str = "\
cargo xtask reset [--state DIRECTORY]

Stops the programs of the shop and removes its data.

--state DIRECTORY    the folder of the shop's data, .cartwheel by default";

    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "state" => self.state = Some(arguments::path(arguments)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    reset(&State::new(options.state.as_deref())?)
}

fn reset(state: &State) -> anyhow::Result<()> {
    if !state.folder().exists() {
        eprintln!("there is nothing to reset");
        return Ok(());
    }
    state.stop_leftovers();
    let database = postgres::reachable_folder(state.folder())?;
    postgres::stop(&database.join("data"))?;
    for folder in [database.as_path(), state.folder()] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    eprintln!("the next `cargo xtask up` starts with new data");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_removes_the_folder() {
        let folder = std::env::temp_dir().join(format!("cartwheel-reset-test-{}", std::process::id()));
        let state = State::new(Some(&folder)).unwrap();
        reset(&state).unwrap();
        fs::create_dir_all(folder.join("logs")).unwrap();
        reset(&state).unwrap();
        assert!(!folder.exists());
    }
}
