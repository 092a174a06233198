//! `limpid abi`: interfaces of the native contracts, for other tools.
use crate::{
    args::Global,
    error::{CliError, Result},
    output,
};
use clap::Subcommand;
use limpid_abi::addresses::Addresses;
use serde_json::json;
use std::path::PathBuf;

/// What to do with the interfaces.
#[derive(Debug, Subcommand)]
pub enum AbiCommand {
    /// Write JSON ABIs, Solidity interfaces and the table of contracts
    Export {
        /// Folder to write to; made if it is not there
        dir: PathBuf,
    },
}

/// Runs the command.
pub fn run(command: AbiCommand, global: &Global) -> Result<()> {
    let AbiCommand::Export { dir } = command;
    let files = limpid_abi::export(&dir, &Addresses::default())
        .map_err(|error| CliError::Told(format!("{}: {error}", dir.display())))?;
    output::emit(global.json, &json!({ "dir": dir, "files": files }), || {
        let mut lines: Vec<String> = files.iter().map(|file| dir.join(file).display().to_string()).collect();
        lines.push(format!("{} files written", files.len()));
        lines.join("\n")
    })
}
