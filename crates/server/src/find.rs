//! Which process is meant: by its PID, a name, its id, or a beginning of one that no other has.

use procession_runtime::{Node, Position};
use procession_types::{Error, Pid};

/// Processes that a search for a beginning looks at.
const SEARCHED_MAX: usize = 100_000;
/// Processes that are looked at in one visit of a shard.
const VISIT_MAX: usize = 1000;
/// Candidates that a message names.
const NAMED_MAX: usize = 4;

/// The process that a text means. It lives, or did just now.
///
/// # Errors
/// `NotFound`; `Invalid` when several begin like this.
pub(crate) fn find(node: &Node, text: &str) -> Result<Pid, Error> {
    let not_found = || Error::not_found(absent(node, text));
    if text.starts_with('{') && text.ends_with('}') {
        let pid = node.parse_pid(text).filter(|&pid| node.is_alive(pid));
        return pid.ok_or_else(not_found);
    }
    if let Some(pid) = node.lookup(text).or_else(|| of_id(node, text, |pid| node.is_alive(pid))) {
        return Ok(pid);
    }
    let mut found: Vec<(String, Pid)> = Vec::new();
    let names = node.names(text, NAMED_MAX + 1).into_iter();
    let names = names.take_while(|(name, _)| name.starts_with(text));
    found.extend(names.map(|(name, pid)| (name.to_string(), pid)));
    if found.is_empty() && !text.is_empty() && text.bytes().all(is_of_id) {
        found = by_beginning(node, text)?;
    }
    match &found[..] {
        [] => Err(not_found()),
        [(_, pid)] => Ok(*pid),
        several => {
            let shown: Vec<&str> =
                several.iter().take(NAMED_MAX).map(|(text, _)| &**text).collect();
            let more = if several.len() > NAMED_MAX { ", …" } else { "" };
            let shown = shown.join(", ");
            Err(Error::invalid(format!("\"{text}\" may be {shown}{more}; write more of it")))
        }
    }
}

/// The process that a text means, as far as the store has something of it: one that has ended is named by
/// its whole PID or id.
///
/// # Errors
/// As for [`find`].
pub(crate) fn find_kept(node: &Node, text: &str) -> Result<Pid, Error> {
    let whole = match text.starts_with('{') {
        true => node.parse_pid(text).filter(|&pid| node.is_kept(pid)),
        false => of_id(node, text, |pid| node.is_kept(pid)),
    };
    whole.map_or_else(|| find(node, text), Ok)
}

/// That there is no such process; of a service, why it has none.
fn absent(node: &Node, text: &str) -> String {
    let Ok(service) = node.supervised_by_id(text) else {
        return format!("process \"{text}\" not found");
    };
    let (kind, state) = (service.kind.name(), service.status.state.name());
    let reason = service.status.reason.map_or_else(String::new, |reason| format!(": {reason}"));
    format!("process \"{text}\" not found; the {kind} is {state}{reason}")
}

/// The id of a process: its PID without the host.
pub(crate) fn id(pid: &str) -> &str {
    let inner = pid.strip_suffix('}').unwrap_or(pid);
    inner.rsplit_once('|').map_or(inner, |(_, id)| id)
}

fn is_of_id(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'.')
}

/// A whole id: which host it is on is tried out.
fn of_id(node: &Node, text: &str, is_it: impl Fn(Pid) -> bool) -> Option<Pid> {
    if text.bytes().filter(|&byte| byte == b'.').count() != 3 {
        return None;
    }
    let pids = node.hosts().into_iter().filter_map(|host| {
        node.parse_pid(&format!("{{{}|{text}}}", host.config.id)).filter(|&pid| is_it(pid))
    });
    pids.into_iter().next()
}

fn by_beginning(node: &Node, text: &str) -> Result<Vec<(String, Pid)>, Error> {
    let mut found = Vec::new();
    let mut position = Some(Position::default());
    let mut searched = 0;
    while let Some(from) = position.take() {
        let (pids, next) = node.pids(from, VISIT_MAX)?;
        searched += pids.len();
        for pid in pids {
            let full = node.pid_text(pid);
            if id(&full).starts_with(text) {
                found.push((id(&full).to_owned(), pid));
            }
        }
        if found.len() > NAMED_MAX {
            break;
        }
        if searched > SEARCHED_MAX {
            let message = format!("\"{text}\": there are too many processes to search all");
            return Err(Error::invalid(message + "; write the whole id"));
        }
        position = next;
    }
    // Those that stand still are on no shard.
    let halted = node.halted().into_iter().map(|pid| (id(&node.pid_text(pid)).to_owned(), pid));
    found.extend(halted.filter(|(id, _)| id.starts_with(text)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_pids_without_their_host() {
        assert_eq!(id("{app:processes|6740a3f2.1.1a.0}"), "6740a3f2.1.1a.0");
        assert_eq!(id("{n@app:p|1.0.0.0}"), "1.0.0.0");
    }
}
