//! The user that runs the server if this tool runs as root: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use nix::unistd::{User, geteuid};

/// Returns whether this tool runs as root.
pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

/// Returns the server's user, or nothing if this tool's own user runs it.
fn server_user() -> anyhow::Result<Option<User>> {
    if !is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(user));
        }
    }
    Err(anyhow::anyhow!("this machine has no user `postgres` or `nobody` that could run PostgreSQL"))
}

/// Prepares a command of the server's user.
pub(super) fn as_server(program: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(program);
    if let Some(user) = server_user()? {
        // Setting the user also drops root's supplementary groups.
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
    }
    Ok(command)
}

/// Gives a folder and what is in it to the server's user.
pub(super) fn give_to_server(folder: &Path) -> anyhow::Result<()> {
    match server_user()? {
        Some(user) => give(folder, &user),
        None => Ok(()),
    }
}

fn give(path: &Path, user: &User) -> anyhow::Result<()> {
    lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
        .with_context(|| format!("cannot give {} to {}", path.display(), user.name))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user)?;
        }
    }
    Ok(())
}

/// Returns a folder that the server's user can reach: below `preferred`, or else below `/var/tmp`.
pub(crate) fn reachable_folder(preferred: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(preferred)?;
    let preferred = preferred.canonicalize()?;
    let Some(user) = server_user()? else { return Ok(preferred.join("pg")) };
    if preferred.ancestors().all(|folder| can_enter(folder, &user)) {
        return Ok(preferred.join("pg"));
    }
    let name: String =
        preferred.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let folder = Path::new("/var/tmp").join(format!("cartwheel{name}"));
    eprintln!("    {} cannot be entered by the user {}; ", preferred.display(), user.name);
    eprintln!("    PostgreSQL's data is in {}", folder.display());
    Ok(folder.join("pg"))
}

/// Returns whether a folder's mode lets a user enter it.
fn can_enter(folder: &Path, user: &User) -> bool {
    let Ok(metadata) = folder.metadata() else { return false };
    let bit = if metadata.uid() == user.uid.as_raw() {
        0o100
    } else if metadata.gid() == user.gid.as_raw() {
        0o010
    } else {
        0o001
    };
    metadata.mode() & bit != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_servers_process_has_its_user_and_no_other_group() {
        let Ok(Some(user)) = server_user() else { return };
        let mut command = as_server(Path::new("/bin/cat")).unwrap();
        let status = crate::process::output(command.arg("/proc/self/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(field("Uid:"), vec![user.uid.to_string(); 4]);
        assert_eq!(field("Gid:"), vec![user.gid.to_string(); 4]);
        assert!(field("Groups:").is_empty());
    }

    #[test]
    fn a_folder_is_entered_by_the_bits_of_its_mode() {
        let Ok(Some(nobody)) = User::from_name("nobody") else { return };
        let folder = std::env::temp_dir().join(format!("cartwheel-user-test-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (mode, expected) in [(0o700, false), (0o711, true), (0o754, false)] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(can_enter(&folder, &nobody), expected, "{mode:o}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
