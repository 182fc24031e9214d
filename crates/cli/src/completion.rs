//! `procession completion`: what a shell completes. The scripts ask the command itself, with what
//! has been typed so far; so live names come from the node, and options from one place.

use crate::args::CommandLine;
use crate::connect;
use crate::failure::Failure;
use crate::settings;
use clap::{Args, CommandFactory as _, ValueEnum};
use std::collections::BTreeSet;

/// Live names that are offered.
const NAMES_MAX: usize = 500;

/// What `completion` is told.
#[derive(Debug, Args)]
pub(crate) struct CompletionArguments {
    /// The shell, or man for the manual page
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Whose script is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    /// The manual page of all commands, for man -l
    Man,
}

/// What the scripts ask.
#[derive(Debug, Args)]
pub(crate) struct CompleteArguments {
    /// The words typed so far, the last one perhaps not to its end
    #[arg(last = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<String>,
}

/// Gives the script.
pub(crate) fn run(arguments: &CompletionArguments) -> Result<String, Failure> {
    Ok(match arguments.shell {
        Shell::Bash => include_str!("../completion/procession.bash").to_owned(),
        Shell::Zsh => include_str!("../completion/procession.zsh").to_owned(),
        Shell::Fish => include_str!("../completion/procession.fish").to_owned(),
        Shell::Man => crate::man::page(),
    })
}

/// Gives what the last word may become, one a line. Whatever goes wrong, nothing is offered.
pub(crate) fn complete(arguments: &CompleteArguments) -> String {
    let (last, before) = match arguments.words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", &[][..]),
    };
    let offered: BTreeSet<String> =
        candidates(before, last).into_iter().filter(|it| it.starts_with(last)).collect();
    offered.into_iter().map(|it| it + "\n").collect()
}

fn candidates(before: &[String], last: &str) -> Vec<String> {
    let root = CommandLine::command();
    let mut command = &root;
    let mut words = before;
    while let Some((word, rest)) = words.split_first()
        && let Some(found) = command.find_subcommand(word)
    {
        (command, words) = (found, rest);
    }
    if last.starts_with('-') {
        let longs = command.get_arguments().filter_map(|argument| argument.get_long());
        return longs.map(|long| format!("--{long}")).collect();
    }
    if let Some(option) = before.last().and_then(|word| with_value(command, word)) {
        return values(option);
    }
    if command.has_subcommands() {
        let commands = command.get_subcommands().filter(|it| !it.is_hide_set());
        return commands.map(|it| it.get_name().to_owned()).collect();
    }
    let Some(argument) = positional(command, words) else { return Vec::new() };
    let known = values(argument);
    if known.is_empty() { live(argument.get_id().as_str()).unwrap_or_default() } else { known }
}

/// The option that a word is, when a value follows it.
fn with_value<'a>(command: &'a clap::Command, word: &str) -> Option<&'a clap::Arg> {
    let is_it = |argument: &&clap::Arg| match word.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => word
            .strip_prefix('-')
            .is_some_and(|short| argument.get_short().is_some_and(|it| short == it.to_string())),
    };
    command.get_arguments().find(is_it).filter(|argument| argument.get_action().takes_values())
}

fn values(argument: &clap::Arg) -> Vec<String> {
    argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// What the next word of a command is that is no option, when these stand before it.
fn positional<'a>(command: &'a clap::Command, words: &[String]) -> Option<&'a clap::Arg> {
    let mut is_value = false;
    let given = words.iter().filter(|word| {
        let is_word = !is_value && !word.starts_with('-');
        is_value = !is_value && with_value(command, word).is_some();
        is_word
    });
    let given = given.count();
    let several = |it: &clap::Arg| matches!(it.get_action(), clap::ArgAction::Append);
    let all: Vec<&clap::Arg> = command.get_positionals().collect();
    all.get(given).or(all.last().filter(|it| several(it))).copied()
}

/// What the node has of the kind that is asked for.
fn live(id: &str) -> Option<Vec<String>> {
    let settings = settings::load(&connect::ConfigArguments::default()).ok()?;
    let client = connect::client(&settings).ok()?;
    if id == "program" {
        let (programs, _) = client.programs(NAMES_MAX).ok()?;
        return Some(programs.into_iter().map(|program| program.id).collect());
    }
    if ["process", "processes", "to"].contains(&id) {
        let (names, _) = client.names(NAMES_MAX).ok()?;
        let mut offered: Vec<String> = names.into_iter().map(|name| name.name).collect();
        let (processes, _) = client.processes(None, NAMES_MAX).ok()?;
        offered.extend(processes.into_iter().filter(|it| it.names.is_empty()).map(|it| it.id));
        return Some(offered);
    }
    if ["services", "service", "pool"].contains(&id) {
        let kind = (id == "pool").then_some("kind=pool");
        let (services, _) = client.services(kind, NAMES_MAX).ok()?;
        return Some(services.into_iter().map(|service| service.id).collect());
    }
    if id == "drainable" {
        let (services, _) = client.services(None, NAMES_MAX).ok()?;
        let (hosts, _) = client.hosts(NAMES_MAX).ok()?;
        let services = services.into_iter().map(|service| service.id);
        let hosts = hosts.into_iter().map(|host| host.id);
        return Some(services.chain(hosts).chain(["node".to_owned()]).collect());
    }
    if id == "policy" {
        let (policies, _) = client.policies(NAMES_MAX).ok()?;
        return Some(policies.into_iter().map(|policy| policy.id).collect());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(words: &[&str]) -> String {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        complete(&CompleteArguments { words })
    }

    #[test]
    fn commands_options_and_values_are_offered() {
        assert!(offered(&[""]).contains("\nps\n") && !offered(&[""]).contains("__"));
        assert_eq!(offered(&["insp"]), "inspect\n");
        assert_eq!(offered(&["top", "--so"]), "--sort\n");
        assert_eq!(offered(&["ps", "-o", "j"]), "json\njsonl\n");
        assert_eq!(offered(&["ps", "--output", "y"]), "yaml\n");
        assert_eq!(offered(&["config", "s"]), "schema\nshow\n");
        assert_eq!(offered(&["completion", ""]), "bash\nfish\nman\nzsh\n");
        assert_eq!(offered(&["completion", "bash", ""]), "");
    }

    #[test]
    fn words_are_counted_without_options_and_their_values() {
        let root = CommandLine::command();
        for (words, expected) in [
            (&["upgrade"][..], Some("process")),
            (&["upgrade", "app:a"], Some("program")),
            (&["upgrade", "--now", "app:a"], Some("program")),
            (&["upgrade", "-o", "json"], Some("process")),
            (&["spawn", "--host", "app:h"], Some("program")),
            (&["pause", "app:a", "app:b"], Some("processes")),
            (&["version"], None),
        ] {
            let command = root.find_subcommand(words[0]).unwrap();
            let before: Vec<String> = words[1..].iter().map(|&word| word.to_owned()).collect();
            let found = positional(command, &before).map(|it| it.get_id().as_str());
            assert_eq!(found, expected, "{words:?}");
        }
    }
}
