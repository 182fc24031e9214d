//! From files to an application.

use crate::application::Application;
use crate::check::{Checker, Reference, describe};
use crate::checked::Value;
use crate::draft::{Draft, Entry, Missing};
use crate::files::{FileError, Files};
use crate::kinds::{self, APPLICATION_KEYS, ENTRY_KEYS, FILE_KEYS, KINDS};
use crate::report::{Problem, Report};
use crate::shape::{Kind, Support};
use crate::source::{Place, Source, Span};
use crate::tree::{self, Content, Node};
use crate::words::{quoted, suggestion};
use crate::{INDEX_NAME, build, names, order, references};

/// Most files that declare entries.
const FILES_MAX: usize = 1_000;
/// Most entries of an application.
const ENTRIES_MAX: usize = 100_000;
/// Most bytes of all files that declare entries.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// What becomes of kinds, keys and modules that are not known, and of what this build can't do yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// They are errors.
    #[default]
    Strict,
    /// They are left out with a warning.
    Lenient,
}

/// How an application is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// How messages name the application's directory, as in `examples/tour`; may be empty.
    pub directory: &'a str,
    /// See [`Mode`].
    pub mode: Mode,
    /// The modules of the runtime that programs may require.
    pub modules: &'a [&'a str],
}

/// Reads an application.
///
/// # Errors
/// Everything that is wrong, when there is an error among it; otherwise the warnings come with the
/// application.
pub fn read(files: &dyn Files, options: &Options<'_>) -> Result<(Application, Report), Report> {
    let (mut draft, found) = declared(files, options);
    references::check(&mut draft, &found);
    order::check(&mut draft);
    let application = build::application(&mut draft, files, options);
    let mut report = draft.report;
    report.sort();
    if report.has_errors() { Err(report) } else { Ok((application, report)) }
}

/// What all files declare, and the ids that they name.
fn declared(files: &dyn Files, options: &Options<'_>) -> (Draft, Vec<Reference>) {
    let mut draft = Draft::default();
    let mut checker = Checker::new(options.mode, options.modules);
    let mut paths = match files.indexes() {
        Ok(paths) => paths,
        Err(error) => {
            let message =
                format!("failed to look for {INDEX_NAME} in {}: {error}", shown(options, ""));
            checker.report.add(Problem::general(message));
            Vec::new()
        }
    };
    if paths.is_empty() && checker.report.is_empty() {
        let help = format!("an application is a directory with a file {INDEX_NAME} in it");
        let message = format!("no {INDEX_NAME} in {}", shown(options, ""));
        checker.report.add(Problem::general(message).help(help));
    }
    paths.sort();
    if paths.len() > FILES_MAX {
        let message = format!("{} files called {INDEX_NAME}, more than {FILES_MAX}", paths.len());
        checker.report.add(Problem::general(message));
        paths.truncate(FILES_MAX);
    }
    let mut bytes = 0;
    for path in paths {
        let content = match files.read(&path, tree::TEXT_BYTES_MAX) {
            Ok(content) => content,
            Err(error) => {
                unreadable(&mut checker, options, &path, &error);
                continue;
            }
        };
        bytes += content.len();
        if bytes > TEXT_BYTES_MAX {
            let message = format!("more than {TEXT_BYTES_MAX} bytes of {INDEX_NAME} files");
            checker.report.add(Problem::general(message));
            break;
        }
        let Some(root) = parsed(&mut checker, shown(options, &path), content) else { continue };
        checker.directory = path.strip_suffix(INDEX_NAME).unwrap_or_default().to_owned();
        file(&mut checker, &mut draft, &root);
    }
    draft.report = checker.report;
    (draft, checker.references)
}

/// How messages name a file.
pub(crate) fn shown(options: &Options<'_>, path: &str) -> String {
    match (options.directory, path) {
        ("", "") => "the directory".to_owned(),
        ("", path) => path.to_owned(),
        (directory, "") => directory.to_owned(),
        (directory, path) => format!("{}/{path}", directory.trim_end_matches('/')),
    }
}

fn unreadable(checker: &mut Checker<'_>, options: &Options<'_>, path: &str, error: &FileError) {
    let message = format!("failed to read {}: {error}", shown(options, path));
    checker.report.add(Problem::general(message));
}

/// Parses a file's content and makes it the file that is checked.
pub(crate) fn parsed(checker: &mut Checker<'_>, path: String, content: Vec<u8>) -> Option<Node> {
    let (text, wrong_byte) = match String::from_utf8(content) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
        }
    };
    checker.file = checker.report.sources.len();
    let (root, flaws) = if wrong_byte.is_some() { (None, Vec::new()) } else { tree::parse(&text) };
    checker.report.sources.push(Source::new(path, text));
    if let Some(at) = wrong_byte {
        let span = Span { start: at, end: at };
        let help = "save the file as UTF-8".to_owned();
        checker.wrong(span, "a byte that is no UTF-8", Some(help));
    }
    for flaw in flaws {
        let help = (!flaw.help.is_empty()).then(|| flaw.help.to_owned());
        checker.wrong(flaw.span, flaw.message, help);
    }
    root
}

fn file(checker: &mut Checker<'_>, draft: &mut Draft, root: &Node) {
    let start = Span { start: root.span.start, end: root.span.start };
    checker.namespace = namespace(root).unwrap_or("app").to_owned();
    let is_own = checker.directory.is_empty();
    let Some(mut records) = checker.record(&[FILE_KEYS, APPLICATION_KEYS], root, start) else {
        return;
    };
    let application = records.pop();
    if is_own {
        draft.application_file = checker.file;
        if let Some(security) = application.as_ref().and_then(|record| record.record("security")) {
            for (named, policies) in security.map("groups") {
                let Value::List(policies) = &policies.value else { continue };
                let place = checker.place(named.span);
                draft.groups.insert(named.name.clone(), (place, policies.clone()));
            }
        }
        draft.application = application;
    } else {
        misplaced(checker, root);
    }
    let entries = records.pop();
    let Some(Value::Tree(node)) = entries.as_ref().and_then(|r| r.get("entries")).map(|c| &c.value)
    else {
        return;
    };
    match &node.content {
        Content::List(nodes) => nodes.iter().for_each(|node| entry(checker, draft, node)),
        Content::Broken => {}
        _ => {
            let message = format!("expected a list of entries, found {}", describe(node));
            checker.wrong(
                node.span,
                message,
                Some("begin each entry with - name: NAME".to_owned()),
            );
        }
    }
}

/// Reports keys of the application in a file of a directory below.
fn misplaced(checker: &mut Checker<'_>, root: &Node) {
    let Content::Map(pairs) = &root.content else { return };
    for (key, _) in pairs {
        let name = key.text().unwrap_or_default();
        if APPLICATION_KEYS.iter().any(|key| key.name == name) {
            let message = format!("key \"{name}\" is for the whole application");
            let help = format!("move it to the {INDEX_NAME} of the application's own directory");
            checker.wrong(key.span, message, Some(help));
        }
    }
}

/// The namespace of a file, if it has a good one; others are reported when the file is checked.
pub(crate) fn namespace(root: &Node) -> Option<&str> {
    let Content::Map(pairs) = &root.content else { return None };
    let (_, value) = pairs.iter().find(|(key, _)| key.text() == Some("namespace"))?;
    value.text().filter(|text| names::is_namespace(text))
}

fn entry(checker: &mut Checker<'_>, draft: &mut Draft, node: &Node) {
    let pairs = match &node.content {
        Content::Map(pairs) => pairs,
        Content::Broken => return,
        _ => {
            let help = "begin an entry with - name: NAME".to_owned();
            let message = format!("expected an entry, found {}", describe(node));
            return checker.wrong(node.span, message, Some(help));
        }
    };
    let field = |name| pairs.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, node)| node);
    let start = Span { start: node.span.start, end: node.span.start };
    let anchor = field("name").map_or(start, |name| name.span);
    let id = field("name")
        .and_then(Node::text)
        .filter(|name| names::is_name(name))
        .and_then(|name| names::whole(name, &checker.namespace));
    let kind = match field("kind") {
        Some(node) => known_kind(checker, node),
        None => {
            let help = format!("add kind: {}", KINDS[0].name);
            checker.wrong(anchor, "key \"kind\" is missing", Some(help));
            Err(Missing::Wrong)
        }
    };
    let kind = match kind {
        Ok(kind) => kind,
        Err(missing) => {
            draft.missing.extend(id.map(|id| (id, missing)));
            return;
        }
    };
    let Some(mut records) = checker.record(&[ENTRY_KEYS, kind.keys], node, anchor) else { return };
    let (Some(own), Some(common)) = (records.pop(), records.pop()) else { return };
    let Some(id) = id else { return };
    if kind.support == Support::NotYet {
        let span = field("kind").map_or(anchor, |kind| kind.span);
        let help = "this build runs process.lua and function.lua".to_owned();
        let message = format!("{} is not supported by this build yet", kind.name);
        checker.left_out(span, message, Some(help));
        draft.missing.insert(id, missing_by_mode(checker));
        return;
    }
    let place = checker.place(anchor);
    add(checker, draft, Entry { id, kind, place, common, own });
}

fn missing_by_mode(checker: &Checker<'_>) -> Missing {
    if checker.mode == Mode::Lenient { Missing::LeftOut } else { Missing::Wrong }
}

fn known_kind(checker: &mut Checker<'_>, node: &Node) -> Result<&'static Kind, Missing> {
    let Some(name) = node.text().filter(|text| !text.is_empty()) else {
        let message = format!("expected a kind, found {}", describe(node));
        checker.wrong(node.span, message, Some(format!("write for example {}", KINDS[0].name)));
        return Err(Missing::Wrong);
    };
    kinds::kind(name).ok_or_else(|| {
        let help = suggestion(name, "kinds", KINDS.iter().map(|kind| kind.name));
        checker.left_out(node.span, format!("unknown kind {}", quoted(name)), help);
        missing_by_mode(checker)
    })
}

fn add(checker: &mut Checker<'_>, draft: &mut Draft, entry: Entry) {
    if draft.entries.len() >= ENTRIES_MAX {
        // One report is enough.
        if !std::mem::replace(&mut draft.is_full, true) {
            let span = entry.place.span;
            checker.wrong(span, format!("more than {ENTRIES_MAX} entries"), None);
        }
        return;
    }
    if let Some(&first) = draft.by_id.get(&entry.id) {
        let first: Place = draft.entries[first].place;
        let message = format!("{} is declared twice", entry.id);
        checker.report.add(Problem::error(entry.place, message).note(first, "here first"));
        return;
    }
    draft.by_id.insert(entry.id.clone(), draft.entries.len());
    draft.entries.push(entry);
}
