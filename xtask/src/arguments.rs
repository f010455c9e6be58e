//! Parses the command line. Each command declares and parses its own options.

use std::path::PathBuf;

use anyhow::bail;
use lexopt::prelude::{Long, Short, Value, ValueExt as _};

use crate::error::Advise as _;

/// The options of a command.
pub(crate) trait Options: Default {
    /// The usage of the command, with a description of each option.
    const USAGE: &str;

    /// Sets the option with this name, whose value is the next argument. Returns whether the command has the option.
    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error>;
}

/// The options of a command that has none.
macro_rules! no_options {
    ($usage:literal) => {
        #[derive(Debug, Default)]
        pub(crate) struct Options;

        impl $crate::arguments::Options for Options {
            const USAGE: &str = $usage;

            fn set(&mut self, _: &str, _: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
                Ok(false)
            }
        }
    };
}
pub(crate) use no_options;

/// Parses the options of a command. Returns nothing if the usage is requested.
pub(crate) fn parse<O: Options>(mut arguments: lexopt::Parser) -> anyhow::Result<Option<O>> {
    let mut options = O::default();
    read(&mut options, &mut arguments)
        .map_err(anyhow::Error::from)
        .advise(format!("Usage:\n\n{}", O::USAGE))
        .map(|is_help| (!is_help).then_some(options))
}

/// Reads the options, and returns whether one of them is `--help`.
fn read<O: Options>(options: &mut O, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
    let mut is_help = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("help") | Short('h') => is_help = true,
            Long(name) => {
                let name = name.to_owned();
                if !options.set(&name, arguments)? {
                    return Err(lexopt::Error::UnexpectedOption(format!("--{name}")));
                }
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(is_help)
}

/// Reads the name of a command. Returns nothing if there is none, or if the usage is requested.
pub(crate) fn command(arguments: &mut lexopt::Parser) -> anyhow::Result<Option<String>> {
    match arguments.next()? {
        None | Some(Long("help") | Short('h')) => Ok(None),
        Some(Value(name)) => Ok(Some(name.string()?)),
        Some(other) => bail!("a command comes before its options: {}", other.unexpected()),
    }
}

/// Reads a text.
pub(crate) fn text(arguments: &mut lexopt::Parser) -> Result<String, lexopt::Error> {
    arguments.value()?.string()
}

/// Reads a path, and makes it absolute: programs run in other folders.
pub(crate) fn path(arguments: &mut lexopt::Parser) -> Result<PathBuf, lexopt::Error> {
    let path = PathBuf::from(arguments.value()?);
    Ok(std::path::absolute(&path).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db, test, up, worlds};

    fn parse<O: Options>(arguments: &[&str]) -> anyhow::Result<Option<O>> {
        super::parse(lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn steps_are_separated_by_commas_and_folders_become_absolute() {
        let options: test::Options = parse(&["--only", "store,e2e", "--postgres", "pg"]).unwrap().unwrap();
        assert_eq!(options.only, ["store", "e2e"]);
        assert!(options.postgres.unwrap().is_absolute());
    }

    #[test]
    fn help_has_precedence_over_the_command() {
        assert!(parse::<up::Options>(&["--verbose", "--help"]).unwrap().is_none());
    }

    #[test]
    fn an_option_of_another_command_is_an_error_with_the_commands_usage() {
        let message = |error: anyhow::Error| crate::error::paragraph(&error);
        let error = message(parse::<up::Options>(&["--only", "e2e"]).unwrap_err());
        assert!(error.contains("'--only'") && error.contains("cargo xtask up"), "{error}");
        let error = message(parse::<db::Options>(&["--verbose"]).unwrap_err());
        assert!(error.contains("'--verbose'") && error.contains("cargo xtask db"), "{error}");
        let error = message(parse::<worlds::Options>(&["extra"]).unwrap_err());
        assert!(error.contains("extra") && error.contains("cargo xtask worlds"), "{error}");
    }

    #[test]
    fn a_missing_value_is_an_error() {
        assert!(parse::<up::Options>(&["--listen"]).is_err());
        assert!(parse::<up::Options>(&["--verbose=yes"]).is_err());
    }

    #[test]
    fn the_command_comes_first() {
        let command = |arguments: &[&str]| command(&mut lexopt::Parser::from_args(arguments));
        assert_eq!(command(&["up", "--listen", "x"]).unwrap().as_deref(), Some("up"));
        assert_eq!(command(&[]).unwrap(), None);
        assert_eq!(command(&["--help"]).unwrap(), None);
        assert!(command(&["--listen", "x", "up"]).is_err());
    }
}
