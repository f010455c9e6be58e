//! Embeds the files of `migrations/` in the binary.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").canonicalize()?;
    let mut list = String::new();
    write_list(&mut list, "FILES", &root, "")?;
    write_list(&mut list, "FUNCTIONS", &root, "functions")?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("files.rs"), list)
}

/// Adds a constant with the service, the name and the content of each file in `migrations/SERVICE/FOLDER`.
fn write_list(list: &mut String, constant: &str, root: &Path, folder: &str) -> io::Result<()> {
    let _ = writeln!(list, "pub(crate) const {constant}: &[(&str, &str, &str)] = &[");
    for service in ["products", "users"] {
        let folder = root.join(service).join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut names: Vec<_> = fs::read_dir(&folder)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".sql") || name == "superseded")
            .collect();
        names.sort();
        for name in names {
            let path = folder.join(&name);
            let _ = writeln!(list, "    ({service:?}, {name:?}, include_str!({path:?})),");
        }
    }
    list.push_str("];\n");
    Ok(())
}
