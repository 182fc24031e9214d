//! Whether every id that is named is there, and names what it should.

use crate::check::Reference;
use crate::draft::{Draft, Missing};
use crate::kinds::GROUP;
use crate::report::Problem;
use crate::shape::{Target, article};
use crate::words::nearest;

/// Ids that a message lists.
const LISTED_MAX: usize = 6;
/// Problems with a suggestion: each takes a look at every id.
const SUGGESTIONS_MAX: usize = 50;
/// Ids that are looked at for a suggestion.
const CANDIDATES_MAX: usize = 5_000;

/// Reports ids that name nothing or the wrong thing.
pub(crate) fn check(draft: &mut Draft, references: &[Reference]) {
    let mut count = 0;
    for reference in references {
        if let Some(problem) = problem(draft, reference, count < SUGGESTIONS_MAX) {
            draft.report.add(problem);
            count += 1;
        }
    }
}

fn problem(draft: &Draft, reference: &Reference, suggest: bool) -> Option<Problem> {
    let Reference { place, id, target } = reference;
    if target.always.contains(&id.as_str()) {
        return None;
    }
    let is_group = target.noun == GROUP.noun;
    if is_group && draft.groups.contains_key(id) {
        return None;
    }
    if let Some(entry) = draft.entry(id) {
        if target.kinds.contains(&entry.kind.name) {
            return None;
        }
        let kind = article(entry.kind.name);
        let message = format!("{id} is {kind}, not {}", article(target.noun));
        return Some(Problem::error(*place, message).note(entry.place, "declared here"));
    }
    match draft.missing.get(id) {
        // Its own problem is reported; when that is mended, this one is gone.
        Some(Missing::Wrong) => return None,
        Some(Missing::LeftOut) => {
            return Some(Problem::error(*place, format!("{id} is left out, and is needed here")));
        }
        None => {}
    }
    let mut problem = Problem::error(*place, format!("there is no {} {id}", target.noun));
    if suggest {
        problem.help = help(&candidates(draft, target, is_group), id, target);
    }
    Some(problem)
}

/// Every id that would be right.
fn candidates<'a>(draft: &'a Draft, target: &Target, is_group: bool) -> Vec<&'a str> {
    if is_group {
        return draft.groups.keys().map(String::as_str).take(CANDIDATES_MAX).collect();
    }
    let fits = |entry: &&crate::draft::Entry| target.kinds.contains(&entry.kind.name);
    let entries = draft.entries.iter().filter(fits).map(|entry| entry.id.as_str());
    target.always.iter().copied().chain(entries).take(CANDIDATES_MAX).collect()
}

fn help(candidates: &[&str], id: &str, target: &Target) -> Option<String> {
    let name = |id: &str| id.split_once(':').map(|(_, name)| name.to_owned());
    let elsewhere = candidates.iter().copied().find(|candidate| name(candidate) == name(id));
    if let Some(found) = nearest(id, candidates.iter().copied()).or(elsewhere) {
        return Some(format!("did you mean \"{found}\"?"));
    }
    match candidates {
        [] => Some(format!("no entry declares {}", article(target.noun))),
        [one] => Some(format!("there is only {one}")),
        several if several.len() <= LISTED_MAX => Some(format!("there are {}", several.join(", "))),
        _ => None,
    }
}
