//! The manual page, made from the command line's own description.

use crate::args::CommandLine;
use clap::{Command, CommandFactory as _};

/// The page, in the language of man.
pub(crate) fn page() -> String {
    let mut root = CommandLine::command();
    root.build();
    let about = root.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!(
        ".TH PROCESSION 1\n.SH NAME\nprocession \\- {}\n.SH SYNOPSIS\n.B procession\n\\fICOMMAND\\fR …\n.SH COMMANDS\n",
        escaped(&about)
    );
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        describe(command, command.get_name(), &mut text);
    }
    if let Some(after) = root.get_after_help() {
        text.push_str(".SH EXIT STATUS\n");
        for line in after.to_string().lines().filter(|line| !line.is_empty()) {
            text.push_str(&format!("{}\n", escaped(line)));
        }
    }
    text
}

fn describe(command: &Command, name: &str, out: &mut String) {
    if command.has_subcommands() {
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            describe(inner, &format!("{name} {}", inner.get_name()), out);
        }
        return;
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    out.push_str(&format!(".SS {}\n{}\n", escaped(name), escaped(&about)));
    for argument in command.get_arguments() {
        let value = argument.get_value_names().and_then(|names| names.first());
        let value = value.map(ToString::to_string).unwrap_or_default();
        let short = argument.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let title = match argument.get_long() {
            Some(long) if argument.get_action().takes_values() => {
                format!("{short}--{long} {value}")
            }
            Some(long) => format!("{short}--{long}"),
            None => value,
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        out.push_str(&format!(".TP\n.B {}\n{}\n", escaped(&title), escaped(&help)));
    }
}

/// Text as man shows it: dashes are dashes, and no line begins with a command.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('-', "\\-").replace('\n', " ");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_described() {
        let page = page();
        for command in CommandLine::command().get_subcommands().filter(|it| !it.is_hide_set()) {
            let name = escaped(command.get_name());
            assert!(page.contains(&format!("\n.SS {name}")), "{name}");
        }
        assert!(page.contains("\n.TP\n.B \\-\\-deadline TIME\n"), "options are shown");
        assert_eq!(escaped(".x \\ -y"), "\\&.x \\\\ \\-y");
    }
}
