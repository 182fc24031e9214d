//! Settings and where they come from: defaults, then /etc, the user's directory, the project, a
//! named file, the environment, `--set`, and the options of a command.

use crate::connect::ConfigArguments;
use crate::failure::{ExitStatus, Failure};
use crate::output::Format;
use clap::ValueEnum as _;
use procession_types::units;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A setting: its name, what it is, its default for people.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) default: &'static str,
}

/// Every setting.
pub(crate) const KNOWN: [Known; 7] = [
    Known {
        name: "node",
        meaning: "the node that commands ask: a socket or http://HOST:PORT",
        default: "",
    },
    Known { name: "socket", meaning: "where a node's socket is", default: "" },
    Known { name: "listen", meaning: "addresses of TCP to listen on, with commas", default: "" },
    Known { name: "tokens", meaning: "the file of tokens for TCP", default: "" },
    Known { name: "output", meaning: "the form of the output", default: "table" },
    Known { name: "grace", meaning: "how long processes have to end", default: "10s" },
    Known {
        name: "otlp",
        meaning: "the collector that gets metrics and records: http://HOST:PORT",
        default: "",
    },
];

/// The file of a project.
pub(crate) const PROJECT_FILE: &str = "procession.yaml";
/// The file in /etc/procession and in the user's directory.
const FILE: &str = "config.yaml";
/// What variables of the environment begin with.
const VARIABLE: &str = "PROCESSION_";
/// Largest file of settings, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) value: String,
    pub(crate) origin: String,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    /// The value of a setting; `None` when nobody says anything.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|setting| setting.value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value with its origin.
    pub(crate) fn origin(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// Gives a setting another value.
    pub(crate) fn set(&mut self, name: &str, value: &str, origin: &str) -> Result<(), Failure> {
        let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
            let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
            return Err(invalid(format!("{origin}: there is no setting \"{name}\""))
                .with_hint(format!("the settings are {}", names.join(", "))));
        };
        let setting = Setting { value: value.to_owned(), origin: origin.to_owned() };
        self.0.insert(known.name, setting);
        Ok(())
    }

    /// The form of the output.
    pub(crate) fn format(&self) -> Result<Format, Failure> {
        let Some(text) = self.get("output") else { return Ok(Format::default()) };
        Format::from_str(text, false)
            .map_err(|_| self.wrong("output", "write table, wide, json, jsonl, yaml or name"))
    }

    /// How long processes have to end.
    pub(crate) fn grace(&self) -> Result<Duration, Failure> {
        let text = self.get("grace").unwrap_or("10s");
        let read = units::parse_duration(text).map(Duration::from_nanos);
        read.map_err(|error| self.wrong("grace", &error.message))
    }

    /// Where the socket is.
    pub(crate) fn socket(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = self.get("socket") {
            return Ok(path.into());
        }
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        procession_server::default_socket(variable).ok_or_else(|| {
            let message = "nobody says where the node's socket is";
            Failure::usage(message).with_hint("set XDG_RUNTIME_DIR or PROCESSION_SOCKET")
        })
    }

    /// Where the tokens are: in the user's directory for configuration unless said otherwise.
    pub(crate) fn tokens(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = self.get("tokens") {
            return Ok(path.into());
        }
        let directory = user_directory(|name| std::env::var_os(name));
        directory.map(|directory| directory.join("tokens.json")).ok_or_else(|| {
            Failure::usage("nobody says where the tokens are").with_hint("set PROCESSION_TOKENS")
        })
    }

    /// A complaint about a value.
    pub(crate) fn wrong(&self, name: &str, what: &str) -> Failure {
        let setting = self.0.get(name).cloned();
        let (value, origin) =
            setting.map_or_else(Default::default, |setting| (setting.value, setting.origin));
        invalid(format!("{origin}: {name} \"{value}\": {what}"))
    }
}

/// The settings that hold here.
///
/// # Errors
/// Exit code 9 when a file or variable is wrong, 4 when a named file is not there.
pub(crate) fn load(arguments: &ConfigArguments) -> Result<Settings, Failure> {
    let variable = |name: &str| std::env::var_os(name);
    layered(&usual_files(variable), variable, arguments)
}

/// The settings of these files, the weakest first, of variables, and of the options of a command.
fn layered(
    files: &[PathBuf],
    variable: impl Fn(&str) -> Option<OsString>,
    arguments: &ConfigArguments,
) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    for known in KNOWN.iter().filter(|known| !known.default.is_empty()) {
        settings.set(known.name, known.default, "default")?;
    }
    for path in files.iter().filter(|path| path.is_file()) {
        read(&mut settings, path)?;
    }
    if let Some(path) = &arguments.config {
        read(&mut settings, path)?;
    }
    for known in &KNOWN {
        let name = format!("{VARIABLE}{}", known.name.to_ascii_uppercase());
        if let Some(value) = variable(&name) {
            let value = value.into_string().map_err(|_| invalid(format!("{name} is no text")))?;
            settings.set(known.name, &value, &name)?;
        }
    }
    for text in &arguments.set {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--set {text}: write --set NAME=VALUE")))?;
        settings.set(name, value, "--set")?;
    }
    Ok(settings)
}

/// The files that are looked at, the weakest first.
fn usual_files(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let mut files = vec![Path::new("/etc/procession").join(FILE)];
    files.extend(user_directory(variable).map(|directory| directory.join(FILE)));
    files.push(PathBuf::from(PROJECT_FILE));
    files
}

fn user_directory(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    Some(base?.join("procession"))
}

fn read(settings: &mut Settings, path: &Path) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file("read", path, &error))?;
    if metadata.len() > FILE_BYTES_MAX {
        let message = format!("{} has more than {FILE_BYTES_MAX} bytes", path.display());
        return Err(invalid(message));
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    for (index, line) in text.lines().enumerate() {
        let origin = format!("{}:{}", path.display(), index + 1);
        if let Some((name, value)) = entry(line).map_err(|what| {
            invalid(format!("{origin}: {what}"))
                .with_hint("a line is NAME: VALUE, empty, or begins with #")
        })? {
            settings.set(name, value, &origin)?;
        }
    }
    Ok(())
}

/// Name and value of a line `NAME: VALUE`: the flat mappings of YAML, and no more of it.
fn entry(line: &str) -> Result<Option<(&str, &str)>, String> {
    let line = line.trim_end();
    if line.is_empty() || line.trim_start().starts_with('#') || line == "---" {
        return Ok(None);
    }
    let (name, value) = line.split_once(':').ok_or("this is no setting")?;
    let value = value.trim();
    let quoted =
        ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
    let value = match quoted {
        Some((value, rest)) if rest.trim().is_empty() || rest.trim_start().starts_with('#') => {
            value
        }
        Some(_) => return Err("there is something behind the quotes".to_owned()),
        None => value.split(" #").next().unwrap_or(value).trim_end(),
    };
    if name.starts_with(' ') || value.starts_with(['[', '{', '&', '*', '!', '|', '>', '"', '\'']) {
        return Err("only flat settings are understood here".to_owned());
    }
    Ok(Some((name.trim_end(), value)))
}

fn invalid(message: String) -> Failure {
    Failure::new(ExitStatus::InvalidProgram, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        for (line, expected) in [
            ("output: json", Ok(Some(("output", "json")))),
            ("grace: 5s # short", Ok(Some(("grace", "5s")))),
            ("node: \"http://a:1\"", Ok(Some(("node", "http://a:1")))),
            ("node: 'x' # y", Ok(Some(("node", "x")))),
            ("socket: /run/a#b.sock", Ok(Some(("socket", "/run/a#b.sock")))),
            ("", Ok(None)),
            ("  # nothing", Ok(None)),
            ("nonsense", Err("this is no setting")),
            ("  nested: 1", Err("only flat settings are understood here")),
            ("listen: [a, b]", Err("only flat settings are understood here")),
            ("node: \"a\" b", Err("there is something behind the quotes")),
        ] {
            assert_eq!(
                entry(line).map_err(|error| error.to_string()),
                expected.map_err(str::to_owned),
                "{line}"
            );
        }
    }

    #[test]
    fn unknown_settings_are_refused() {
        let mut settings = Settings::default();
        let failure = settings.set("colour", "x", "a.yaml:3").unwrap_err().to_string();
        assert!(failure.contains("a.yaml:3: there is no setting \"colour\""), "{failure}");
        settings.set("grace", "soon", "--set").unwrap();
        let failure = settings.grace().unwrap_err();
        assert_eq!(failure.status.code(), 9);
        assert!(failure.to_string().contains("--set: grace \"soon\""), "{failure}");
    }

    #[test]
    fn each_place_is_stronger_than_the_one_before() {
        let at = std::env::temp_dir().join(format!("procession-settings-{}", std::process::id()));
        std::fs::create_dir_all(&at).unwrap();
        let file = |name: &str| {
            let path = at.join(name);
            std::fs::write(&path, format!("grace: {name}\n")).unwrap();
            path
        };
        let files = [file("etc"), file("user"), file("project")];
        let named = file("named");
        for count in 0..=6 {
            let arguments = ConfigArguments {
                config: (count > 3).then(|| named.clone()),
                set: (count > 5).then(|| "grace=set".to_owned()).into_iter().collect(),
            };
            let variable = |name: &str| {
                let is_it = count > 4 && name == "PROCESSION_GRACE";
                is_it.then(|| "environment".into())
            };
            let settings = layered(&files[..count.min(3)], variable, &arguments).unwrap();
            let grace = settings.origin("grace").unwrap();
            let places = ["10s", "etc", "user", "project", "named", "environment", "set"];
            assert_eq!(grace.value, places[count]);
            let origin = match count {
                0 => "default".to_owned(),
                5 => "PROCESSION_GRACE".to_owned(),
                6 => "--set".to_owned(),
                _ => format!("{}:1", at.join(places[count]).display()),
            };
            assert_eq!(grace.origin, origin);
        }
        std::fs::remove_dir_all(at).unwrap();
    }

    #[test]
    fn files_of_the_machine_the_user_and_the_project_are_looked_at() {
        let of = |variables: &'static [(&str, &str)]| {
            let variable = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
            };
            let files = usual_files(variable).into_iter();
            files.map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let (machine, project) = ("/etc/procession/config.yaml", "procession.yaml");
        for (files, user) in [
            (of(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), "/x/procession/config.yaml"),
            (of(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]), "/h/.config/procession/config.yaml"),
            (of(&[("HOME", "/h")]), "/h/.config/procession/config.yaml"),
        ] {
            assert_eq!(files, [machine, user, project]);
        }
        assert_eq!(of(&[]), [machine, project]);
    }
}
