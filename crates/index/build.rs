//! Puts the built web app into the program: every file of `web/dist`, with its compressed copies, as a table.
//!
//! Without that folder the table is empty, and the server says how to build the app. A folder that is not there cannot be
//! watched: `scripts/build.sh` touches this file when it has built the app for the first time.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("web.rs");
    let dist = Path::new(&env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../web/dist");
    let mut files = Vec::new();
    if dist.is_dir() {
        println!("cargo:rerun-if-changed={}", dist.display());
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let bytes =
            |path: &Path| path.canonicalize().map(|path| format!("include_bytes!({:?})", path.to_string_lossy()));
        let copy = |ending: &str| -> io::Result<String> {
            let path = PathBuf::from(format!("{}.{ending}", file.display()));
            if path.is_file() { Ok(format!("Some({})", bytes(&path)?)) } else { Ok("None".to_owned()) }
        };
        let (plain, brotli, gzip) = (bytes(file)?, copy("br")?, copy("gz")?);
        let _ = writeln!(table, "File {{ name: {name:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},");
    }
    table.push_str("]\n");
    fs::write(out, table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
