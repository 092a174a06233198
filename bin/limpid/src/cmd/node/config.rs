//! The configuration file of `limpid node`: every flag by its name. A flag goes before the environment, that before the
//! file, and that before the default.

use crate::{
    args::Cli,
    error::{CliError, Result, told},
};
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, parser::ValueSource};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};

/// The file in a data directory that is read unless another is named.
pub const FILE: &str = "limpid.toml";
/// What is no setting of the node but of one start.
const NOT_IN_A_FILE: [&str; 7] = ["config", "print-config", "help", "version", "rpc", "json", "wallets"];

/// A flag of the node, what it is set to, and who set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The flag without its dashes.
    pub key: String,
    /// As text; `None` if it is not set.
    pub value: Option<String>,
    /// `flag`, `environment`, `file` or `default`.
    pub source: &'static str,
}

/// One line of the file.
struct Line {
    key: String,
    value: String,
    number: usize,
}

/// Arguments with what the file adds to them, parsed again by the same rules.
pub fn complete(argv: Vec<OsString>, first: ArgMatches) -> Result<(ArgMatches, Vec<Setting>)> {
    let Some(node) = first.subcommand_matches("node") else { return Ok((first, Vec::new())) };
    let file = match node.get_one::<PathBuf>("config") {
        Some(named) => Some(named.clone()),
        None => node.get_one::<PathBuf>("datadir").map(|dir| dir.join(FILE)).filter(|file| file.is_file()),
    };
    let Some(file) = file else {
        let settings = settings(node, &[]);
        return Ok((first, settings));
    };
    let lines = read(&file)?;
    let (mut argv, mut from_file) = (argv, Vec::new());
    for line in lines {
        let set = node.value_source(&line.key.replace('-', "_"));
        if matches!(set, Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            continue;
        }
        argv.extend(argument(&line));
        from_file.push(line.key);
    }
    let matches = Cli::command().try_get_matches_from(&argv).map_err(|error| whole(&file, &error))?;
    let settings = matches.subcommand_matches("node").map(|node| settings(node, &from_file)).unwrap_or_default();
    Ok((matches, settings))
}

/// The flag that a line stands for.
fn argument(line: &Line) -> Option<OsString> {
    let command = node_command();
    let is_switch = flags(&command).any(|flag| flag.get_long() == Some(&line.key) && is_switch(flag));
    match (is_switch, line.value.as_str()) {
        (true, "true") => Some(format!("--{}", line.key).into()),
        (true, _) => None,
        (false, value) => Some(format!("--{}={value}", line.key).into()),
    }
}

fn is_switch(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::SetTrue)
}

fn node_command() -> Command {
    let mut cli = Cli::command();
    cli.build();
    cli.find_subcommand("node").cloned().unwrap_or_default()
}

/// The flags that may stand in a file.
fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|flag| flag.get_long().is_some_and(|name| !NOT_IN_A_FILE.contains(&name)))
}

/// The lines of a file, each a known flag with a value that the flag takes.
fn read(file: &Path) -> Result<Vec<Line>> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| CliError::Told(format!("{name}: {error}")))?;
    let number = |offset: usize| text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
    let table = DeTable::parse(&text).map_err(|error| {
        let at = error.span().map_or(1, |span| number(span.start));
        CliError::Told(format!("{name}, line {at}: {}", error.message()))
    })?;
    let command = node_command();
    let mut lines = Vec::new();
    for (key, value) in table.get_ref() {
        let (number, key) = (number(key.span().start), key.get_ref().to_string());
        let Some(flag) = flags(&command).find(|flag| flag.get_long() == Some(&key)) else {
            return told(format!(
                "{name}, line {number}: `{key}` is no flag of `limpid node`; a file may set {}",
                flags(&command).filter_map(Arg::get_long).collect::<Vec<_>>().join(", ")
            ));
        };
        let value = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
            DeValue::Boolean(truth) => truth.to_string(),
            _ => return told(format!("{name}, line {number}: `{key}` takes text, a whole number, true or false")),
        };
        if is_switch(flag) && value != "true" && value != "false" {
            return told(format!("{name}, line {number}: `{key}` is true or false"));
        }
        let line = Line { key, value, number };
        if let Some(argument) = argument(&line) {
            // Alone, so that the message can name its line.
            let alone = Cli::command().try_get_matches_from([OsString::from("limpid"), "node".into(), argument]);
            if let Err(error) = alone {
                return told(format!("{name}, line {}: {}", line.number, reason(&error)));
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

fn whole(file: &Path, error: &clap::Error) -> CliError {
    CliError::Told(format!("with what {} says: {}", file.display(), reason(error)))
}

/// The first line of a message, which says what is wrong; the rest repeats the usage.
fn reason(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// What holds in the end, and why.
fn settings(node: &ArgMatches, from_file: &[String]) -> Vec<Setting> {
    let command = node_command();
    let setting = |flag: &Arg| {
        let (id, key) = (flag.get_id().as_str(), flag.get_long().unwrap_or_default().to_owned());
        let raw = node.try_get_raw(id).ok().flatten().and_then(|mut values| values.next());
        let value = if is_switch(flag) {
            Some(node.get_flag(id).to_string())
        } else {
            raw.map(|value| value.to_string_lossy().into_owned())
        };
        let source = match node.value_source(id) {
            _ if from_file.contains(&key) => "file",
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        Setting { key, value, source }
    };
    flags(&command).map(setting).collect()
}

/// All settings as a file that would set them.
pub fn show(settings: &[Setting]) -> String {
    let width = settings.iter().map(|setting| line(setting).len()).max().unwrap_or_default();
    settings.iter().map(|setting| format!("{:<width$}  # {}\n", line(setting), setting.source)).collect()
}

fn line(Setting { key, value, .. }: &Setting) -> String {
    match value {
        None => format!("# {key} ="),
        Some(value) if value.parse::<u64>().is_ok() || value == "true" || value == "false" => {
            format!("{key} = {value}")
        }
        Some(value) => format!("{key} = {}", serde_json::Value::from(value.as_str())),
    }
}

/// All settings for programs.
pub fn json(settings: &[Setting]) -> serde_json::Value {
    settings
        .iter()
        .map(|setting| {
            let value = serde_json::json!({ "value": setting.value, "source": setting.source });
            (setting.key.clone(), value)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}
