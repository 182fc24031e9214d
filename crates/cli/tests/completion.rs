//! Completion, in the shells themselves: those that are installed.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Session};
use std::path::Path;

/// Types a line into zsh, presses the tabulator, and shows what has become of the line.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; unsetopt zle_bracketed_paste prompt_cr prompt_sp'
zpty -w shell 'autoload -Uz compinit && compinit -D -u && source <(procession completion zsh)'
zpty -w shell 'show() { print -r -- "<$BUFFER>" }; zle -N show; bindkey "^X" show; bindkey "^I" complete-word'
zpty -w shell 'print -r -- ready-$((6 * 7))'
zpty -r shell output '*ready-42*' || exit 1
for line in "$@"; do
  zpty -w -n shell $'\x15'"$line"$'\t\x18'
  zpty -r shell output '*<*>*' || exit 1
  output=${output##*<}
  print -r -- "${output%%>*}"
done
zpty -d shell
"#;

/// Asks bash's function as bash itself does.
const BASH: &str = r#"
source <(procession completion bash)
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=${#line}
  read -ra COMP_WORDS <<< "$line"
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _procession
  printf '%s\n' "${COMPREPLY[@]}"
done
"#;

/// Asks fish for what it would offer.
const FISH: &str = "
procession completion fish | source
for line in $argv
  complete -C $line
end
";

/// Lines as they are typed, each with what it becomes.
const LINES: [(&str, &str); 7] = [
    // There is a file whose name begins so, too.
    ("procession completion f", "fish"),
    ("procession upgrade app:greetings app:lo", "app:loud"),
    ("procession insp", "inspect"),
    ("procession config sch", "schema"),
    ("procession top --so", "--sort"),
    ("procession pause app:gre", "app:greetings"),
    ("procession history app:gre", "app:greetings"),
];

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// What a shell makes of the lines, a line each; `None` when there is no such shell.
fn completed(shell: &str, script: &str) -> Option<Vec<String>> {
    if !is_there(shell) {
        eprintln!("{shell} is not installed: its completion is not tried");
        return None;
    }
    let directory = Directory::new(&format!("completion_{shell}"));
    let at = directory.path();
    let application = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/application");
    let up = Session::start_in(at, &[], &["up", application.to_str().unwrap()]);
    assert_eq!(up.line(), "ready");
    std::fs::write(at.join("script"), script).unwrap();
    std::fs::write(at.join("file"), "").unwrap();
    let lines: Vec<String> = LINES.iter().map(|(line, _)| format!("'{line}'")).collect();
    let ended = Session::start_line(at, &format!("{shell} ./script {}", lines.join(" "))).end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(Session::start_in(at, &[], &["down"]).end().code, Some(0));
    assert_eq!(up.end().code, Some(0));
    Some(ended.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn zsh_completes_commands_options_and_live_names() {
    let Some(lines) = completed("zsh", ZSH) else { return };
    let expected = LINES.map(|(line, word)| {
        let (before, _) = line.rsplit_once(' ').unwrap();
        format!("{before} {word}")
    });
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    assert_eq!(lines, expected);
}

#[test]
fn fish_completes_commands_options_and_live_names() {
    let Some(lines) = completed("fish", FISH) else { return };
    assert_eq!(lines, LINES.map(|(_, word)| word));
}

#[test]
fn bash_completes_commands_options_and_live_names() {
    let Some(lines) = completed("bash", BASH) else { return };
    // Bash has the part before a colon on the line already.
    let expected = LINES.map(|(_, word)| word.rsplit_once(':').map_or(word, |(_, name)| name));
    assert_eq!(lines, expected);
}
