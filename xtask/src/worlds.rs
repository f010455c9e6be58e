//! `worlds`: what each component may import, and proof that the built one imports nothing else.
//!
//! `wit/SERVICE.wit` lists the imports, each with its reason. The comparison is by interface and version track: a patch
//! version of WASI is nobody's decision.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use wasmparser::{Parser, Payload};

use crate::components::{NAMES, wasm};
use crate::manifest;
use crate::process::root;

/// Interfaces with the reasons for which a service may import them.
type World = BTreeMap<String, String>;

/// What the crash tests stop a component with, and no shipped one knows.
const STOP_HEADER: &[u8] = b"x-stop-after";

pub(crate) fn run() -> anyhow::Result<()> {
    let manifest = manifest::load()?;
    let mut faults = Vec::new();
    for name in NAMES {
        let file = root().join("wit").join(format!("{name}.wit"));
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let world = read_world(&text).with_context(|| file.display().to_string())?;
        let bytes = fs::read(wasm(name)).context("build the components with `cargo xtask build`")?;
        if bytes.windows(STOP_HEADER.len()).any(|window| window == STOP_HEADER) {
            faults.push(format!("{name} can be stopped by a header: it was built with crash points"));
        }
        let imports = imports_of(&wasm(name)).context("build the components with `cargo xtask build`")?;
        faults.extend(outside(&world, &imports).into_iter().map(|import| format!("{name} imports {import}")));

        println!("{name}");
        for import in &imports {
            println!(
                "  import    {import:<44} {}",
                world.get(&track(import)).map_or("NOT IN ITS WORLD", String::as_str)
            );
        }
        let component =
            manifest.component.get(name).with_context(|| format!("spin.toml has no component {name}"))?;
        for host in &component.allowed_outbound_hosts {
            println!("  host      {host}");
        }
        for (variable, template) in &component.variables {
            let note = if manifest.is_secret(template) { "secret" } else { "" };
            println!("  variable  {variable:<44} {note}");
        }
    }
    ensure!(faults.is_empty(), "outside of the worlds in wit/:\n  {}", faults.join("\n  "));
    Ok(())
}

/// Reads `import interface;` lines, each behind a `///` comment with its reason.
fn read_world(text: &str) -> anyhow::Result<World> {
    let mut world = World::new();
    let mut reason = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            reason = format!("{reason} {}", comment.trim()).trim().to_owned();
        } else if let Some(import) = line.strip_prefix("import ") {
            let interface = import.trim_end_matches(';');
            ensure!(!reason.is_empty(), "{interface} has no reason: write it above, behind ///");
            world.insert(track(interface), std::mem::take(&mut reason));
        } else {
            reason.clear();
        }
    }
    if world.is_empty() { bail!("it has no imports") } else { Ok(world) }
}

/// The interfaces that a component imports.
fn imports_of(file: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut imports = Vec::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            // Only the outermost component's imports come from the host.
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    imports.sort();
    Ok(imports)
}

fn outside<'i>(world: &World, imports: &'i [String]) -> Vec<&'i String> {
    imports.iter().filter(|import| !world.contains_key(&track(import))).collect()
}

/// The interface and its version track: `wasi:io/streams@0.2`, `spin:postgres/postgres@4`.
fn track(interface: &str) -> String {
    let Some((name, version)) = interface.split_once('@') else { return interface.to_owned() };
    let parts: Vec<&str> = version.split('.').collect();
    let significant = if parts.first() == Some(&"0") { 2 } else { 1 };
    format!("{name}@{}", parts.into_iter().take(significant).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = "
        package cartwheel:worlds;
        world test {
          /// What time it is.
          import wasi:clocks/wall-clock@0.2.0;
          /// The database,
          /// and nothing else.
          import spin:postgres/postgres@4.2.0;
        }";

    fn outside_of_world(imports: &[&str]) -> Vec<String> {
        let imports: Vec<String> = imports.iter().map(|import| (*import).to_owned()).collect();
        outside(&read_world(WORLD).unwrap(), &imports).into_iter().cloned().collect()
    }

    #[test]
    fn an_import_outside_of_the_world_is_named() {
        let clock = "wasi:clocks/wall-clock@0.2.6";
        assert!(outside_of_world(&[clock, "spin:postgres/postgres@4.2.0"]).is_empty());
        for foreign in [
            "wasi:http/client@0.3.0",
            "wasi:clocks/wall-clock@0.3.0",
            "spin:postgres/postgres@5.0.0",
            "wasi:clocks/wall",
        ] {
            assert_eq!(outside_of_world(&[clock, foreign]), [foreign]);
        }
    }

    #[test]
    fn every_import_has_a_reason() {
        assert_eq!(read_world(WORLD).unwrap()["spin:postgres/postgres@4"], "The database, and nothing else.");
        let bare = WORLD.replace("/// What time it is.", "");
        assert!(read_world(&bare).unwrap_err().to_string().contains("wasi:clocks/wall-clock"));
    }

    #[test]
    fn the_imports_of_a_component_are_read_from_its_bytes() {
        // (component (import "wasi:sockets/tcp@0.2.0" (instance)))
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        // A type section with one empty instance type.
        bytes.extend([7, 3, 1, 0x42, 0]);
        let name = b"wasi:sockets/tcp@0.2.0";
        let mut section = vec![1, 0, u8::try_from(name.len()).unwrap()];
        section.extend(name);
        section.extend([5, 0]);
        bytes.extend([10, u8::try_from(section.len()).unwrap()]);
        bytes.extend(section);
        let file = std::env::temp_dir().join(format!("worlds-test-{}.wasm", std::process::id()));
        fs::write(&file, bytes).unwrap();
        let imports = imports_of(&file).unwrap();
        fs::remove_file(file).unwrap();
        assert_eq!(imports, ["wasi:sockets/tcp@0.2.0"]);
        assert_eq!(outside(&read_world(WORLD).unwrap(), &imports).len(), 1);
    }
}
