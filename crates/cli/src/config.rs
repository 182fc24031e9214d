//! `procession config`: the settings that hold here, and the schema of applications.

use crate::connect::ConfigArguments;
use crate::failure::Failure;
use crate::output::{Column, Format, column, list};
use crate::settings::{self, KNOWN};
use clap::{Args, Subcommand};
use serde::Serialize;

/// What `config` is told.
#[derive(Debug, Args)]
pub(crate) struct ConfigCommandArguments {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

/// What can be shown.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings that hold here
    Show {
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
        /// The form of the output
        #[arg(short, long, value_name = "FORM", value_enum)]
        output: Option<Format>,
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// Print the JSON Schema of an application's _index.yaml
    Schema,
}

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip)]
    meaning: &'static str,
}

const COLUMNS: &[Column<Shown>] = &[
    column("NAME", |it| it.name.to_owned()),
    column("VALUE", |it| it.value.clone()),
    column("MEANING", |it| it.meaning.to_owned()),
];
const COLUMNS_WITH_ORIGIN: &[Column<Shown>] = &[
    column("NAME", |it| it.name.to_owned()),
    column("VALUE", |it| it.value.clone()),
    column("ORIGIN", |it| it.origin.clone().unwrap_or_default()),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &ConfigCommandArguments) -> Result<String, Failure> {
    let (with_origin, output, config) = match &arguments.command {
        ConfigCommand::Schema => {
            return Ok(procession_spec::schema(procession_lua::module_names()));
        }
        ConfigCommand::Show { origin, output, config } => (*origin, *output, config),
    };
    let settings = settings::load(config)?;
    let shown: Vec<Shown> = KNOWN
        .iter()
        .map(|known| {
            let setting = settings.origin(known.name);
            // What is where it is unless somebody says otherwise.
            let usual = match known.name {
                "socket" => settings.socket().ok(),
                "tokens" => settings.tokens().ok(),
                _ => None,
            };
            let usual = usual.filter(|_| setting.is_none()).map(|path| path.display().to_string());
            let unset = || if usual.is_some() { "default" } else { "not set" }.to_owned();
            let origin = setting.map_or_else(unset, |setting| setting.origin.clone());
            Shown {
                name: known.name,
                value: setting.map(|setting| setting.value.clone()).or(usual).unwrap_or_default(),
                origin: with_origin.then_some(origin),
                meaning: known.meaning,
            }
        })
        .collect();
    let columns = if with_origin { COLUMNS_WITH_ORIGIN } else { COLUMNS };
    let format = match output {
        Some(format) => format,
        None => settings.format()?,
    };
    Ok(list(format, &shown, columns, |it| it.name.to_owned()))
}
