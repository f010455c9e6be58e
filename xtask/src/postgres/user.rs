//! Runs the server as another user if this tool runs as root: PostgreSQL refuses to run as root.

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

/// Returns the server's user, or nothing if the server runs as this tool's user.
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

/// Sets the server's user for a command.
pub(super) fn as_server(mut command: Command) -> anyhow::Result<Command> {
    if let Some(user) = server_user()? {
        // Setting the user also drops root's supplementary groups.
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
    }
    Ok(command)
}

/// Makes the server's user the owner of a folder and its contents.
pub(super) fn chown_to_server(folder: &Path) -> anyhow::Result<()> {
    match server_user()? {
        Some(user) => change_owner(folder, &user),
        None => Ok(()),
    }
}

fn change_owner(path: &Path, user: &User) -> anyhow::Result<()> {
    lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
        .with_context(|| format!("cannot give {} to {}", path.display(), user.name))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            change_owner(&entry?.path(), user)?;
        }
    }
    Ok(())
}

/// Returns a folder for the data that the server's user can enter: below `preferred`, or else below `/var/tmp`.
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
    eprintln!("    the user {} cannot enter {}:", user.name, preferred.display());
    eprintln!("    PostgreSQL's data is in {}", folder.display());
    Ok(folder.join("pg"))
}

/// Returns whether a folder's mode permits a user to enter it.
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
    use crate::process::cmd;

    #[test]
    fn the_servers_process_has_its_user_and_no_other_group() {
        let Ok(Some(user)) = server_user() else { return };
        let mut command = as_server(cmd!("/bin/cat /proc/self/status")).unwrap();
        let status = crate::process::output(&mut command).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(field("Uid:"), vec![user.uid.to_string(); 4]);
        assert_eq!(field("Gid:"), vec![user.gid.to_string(); 4]);
        assert!(field("Groups:").is_empty());
    }

    #[test]
    fn the_bits_of_the_mode_decide_who_enters_a_folder() {
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
