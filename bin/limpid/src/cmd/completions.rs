//! `limpid completions SHELL`.
use crate::{args::Cli, error::Result};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

/// Prints the script: `source <(limpid completions bash)`.
pub fn run(args: CompletionsArgs) -> Result<()> {
    clap_complete::generate(args.shell, &mut Cli::command(), "limpid", &mut std::io::stdout());
    Ok(())
}
