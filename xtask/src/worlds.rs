//! `worlds`: checks that each built component imports only the interfaces of its world.
//!
//! `wit/SERVICE.wit` lists the imports, each with its reason. Interfaces are compared by name and version track: a patch version
//! of WASI needs no review.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, bail, ensure};
use wasmparser::{Parser, Payload};

use crate::arguments::no_options;
use crate::build::{NAMES, wasm};
use crate::manifest::{self, Manifest};
use crate::process::root;

no_options!(
    "\
cargo xtask worlds

Checks that the built components import nothing outside of wit/, and prints their imports, hosts and variables."
);

/// The interfaces that a service may import, with the reasons.
type World = BTreeMap<String, String>;

/// The header that stops a component with crash points. A released component does not contain it.
const STOP_HEADER: &[u8] = b"x-stop-after";

pub(crate) fn run(_: &Options) -> anyhow::Result<()> {
    let manifest = manifest::load()?;
    let mut faults = Vec::new();
    for name in NAMES {
        let world = load_world(name)?;
        let bytes = fs::read(wasm(name)).context("build the components with `cargo xtask build`")?;
        if bytes.windows(STOP_HEADER.len()).any(|window| window == STOP_HEADER) {
            faults.push(format!("{name} can be stopped by a header: it was built with crash points"));
        }
        let imports = imports_of(&bytes).with_context(|| wasm(name).display().to_string())?;
        faults.extend(outside(&world, &imports).into_iter().map(|import| format!("{name} imports {import}")));
        print_grants(&manifest, name, &world, &imports)?;
    }
    ensure!(faults.is_empty(), "outside of the worlds in wit/:\n  {}", faults.join("\n  "));
    Ok(())
}

fn load_world(name: &str) -> anyhow::Result<World> {
    let file = root().join("wit").join(format!("{name}.wit"));
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    read_world(&text).with_context(|| file.display().to_string())
}

/// Prints the imports of a component with their reasons, and the hosts and variables of the manifest.
fn print_grants(manifest: &Manifest, name: &str, world: &World, imports: &[String]) -> anyhow::Result<()> {
    println!("{name}");
    for import in imports {
        let reason = world.get(&track(import)).map_or("NOT IN ITS WORLD", String::as_str);
        println!("  import    {import:<44} {reason}");
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
    Ok(())
}

/// Reads `import interface;` lines, each after a `///` comment with its reason.
fn read_world(text: &str) -> anyhow::Result<World> {
    let mut world = World::new();
    let mut reason = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            reason = format!("{reason} {}", comment.trim()).trim().to_owned();
        } else if let Some(import) = line.strip_prefix("import ") {
            let interface = import.trim_end_matches(';');
            ensure!(!reason.is_empty(), "{interface} has no reason: write it above, after ///");
            world.insert(track(interface), std::mem::take(&mut reason));
        } else {
            reason.clear();
        }
    }
    if world.is_empty() { bail!("the world has no imports") } else { Ok(world) }
}

/// Returns the interfaces that a component imports.
fn imports_of(component: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut imports = Vec::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            // The host provides the imports of the outermost component only.
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

/// Returns the interface with its version track: `wasi:io/streams@0.2`, `spin:postgres/postgres@4`.
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
        let imports = imports_of(&bytes).unwrap();
        assert_eq!(imports, ["wasi:sockets/tcp@0.2.0"]);
        assert_eq!(outside(&read_world(WORLD).unwrap(), &imports).len(), 1);
    }
}
