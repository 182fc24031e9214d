//! What a person can do about a failure, and the line of the program that it names.

use procession_types::{Error, ErrorKind, Limit, Limits};
use std::path::Path;

/// Messages that leave people wondering, and what helps.
const KNOWN: [(&str, &str); 5] = [
    ("stack overflow", "a function calls itself without end; the traceback shows which"),
    ("cannot send a", "messages are copied: send data, and name a program instead of a function"),
    ("deadlock", "something has to send to that channel or close it"),
    (
        "module '",
        "modules are time, json and the others of docs/lua, and the Lua files beside the program",
    ),
    ("program \"", "the programs are the Lua files beside the one that is run, as app:NAME"),
];

/// A hint for an error; `None` when there is nothing to say.
pub(crate) fn of_error(error: &Error) -> Option<&'static str> {
    let limit = error.limit.or((error.kind == ErrorKind::RateLimited).then_some(Limit::Mailbox));
    limit.and_then(of_limit).or_else(|| {
        KNOWN.into_iter().find(|(text, _)| error.message.contains(text)).map(|(_, hint)| hint)
    })
}

/// A hint for a problem that a node has told of; `None` when there is nothing to say.
pub(crate) fn of_problem(problem: &procession_api::Problem) -> Option<String> {
    let known = match problem.error_kind() {
        ErrorKind::NotFound if problem.detail.starts_with("program ") => {
            "the node's programs are those of its application; procession check DIR lists them"
        }
        ErrorKind::NotFound if problem.detail.starts_with("process host ") => {
            "procession hosts shows them"
        }
        ErrorKind::NotFound if problem.detail.starts_with("no process host, service") => {
            "procession status shows services, supervisors and pools, procession hosts the hosts"
        }
        ErrorKind::NotFound if problem.detail.starts_with("process ") => {
            "procession ps shows what runs"
        }
        ErrorKind::NotFound if problem.detail.starts_with("service ") => {
            "procession status shows the services, supervisors and pools"
        }
        ErrorKind::NotFound if problem.detail.starts_with("policy ") => {
            "procession policy list shows them"
        }
        ErrorKind::Invalid if problem.detail.starts_with("size ") => {
            "procession scale POOL SIZE --min N --max N sets the bounds, too"
        }
        // A program that fails so was not out of time here.
        ErrorKind::Timeout if problem.status == 504 => {
            "--timeout TIME gives it longer, where the command has it"
        }
        ErrorKind::RateLimited => "it receives slower than others send; procession top shows it",
        _ => return None,
    };
    Some(known.to_owned())
}

/// How to get more of what ran out.
pub(crate) const fn of_limit(limit: Limit) -> Option<&'static str> {
    match limit {
        Limit::Memory => Some("give it more with --limit memory=1GiB"),
        Limit::Instructions => Some("give it more with --limit instructions=N"),
        Limit::WallClock => Some("give it longer with --limit wall_clock=10s"),
        Limit::Mailbox => Some("receive faster than others send, or --limit mailbox=N"),
        Limit::MessageSize => Some("send less at once, or --limit message_size=64MiB"),
        Limit::Links => Some("--limit links=N"),
        Limit::Names => Some("--limit names=N"),
        Limit::Calls => Some("--limit calls=N"),
        Limit::Topics => Some("--limit topics=N"),
        Limit::Queue => Some("consume faster than others publish, or publish less"),
        Limit::Store => Some("delete entries, or let them expire with a ttl"),
        Limit::Metrics => Some("use labels with few values, never ids"),
        Limit::Processes | Limit::Subscriptions => None,
    }
}

/// What a limit that a process ran into stood at, for people.
pub(crate) fn value_of(limit: Limit, limits: &Limits) -> Option<String> {
    match limit {
        Limit::Memory => Some(size(limits.memory_bytes_max)),
        Limit::Instructions => limits.instructions_max.map(|count| count.to_string()),
        Limit::WallClock => limits.wall_clock_ns_max.map(|ns| format!("{} s", ns as f64 / 1e9)),
        Limit::Mailbox => Some(limits.mailbox_messages_max.to_string()),
        Limit::MessageSize => Some(size(limits.message_bytes_max)),
        Limit::Links => Some(limits.links_max.to_string()),
        Limit::Names => Some(limits.names_max.to_string()),
        Limit::Calls => Some(limits.calls_max.to_string()),
        Limit::Topics => Some(limits.topics_max.to_string()),
        Limit::Processes | Limit::Store | Limit::Queue | Limit::Subscriptions | Limit::Metrics => {
            None
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        mebibytes if mebibytes >= 1 << 20 => format!("{} MiB", mebibytes >> 20),
        kibibytes if kibibytes >= 1 << 10 => format!("{} KiB", kibibytes >> 10),
        bytes => format!("{bytes} B"),
    }
}

/// The line that a message of the form `FILE:LINE: …` is about, ready to be shown below it.
pub(crate) fn source_line(message: &str) -> Option<String> {
    let (place, _) = message.split_once(": ")?;
    let (file, line) = place.rsplit_once(':')?;
    let number: usize = line.parse().ok()?;
    let text = std::fs::read(Path::new(file)).ok()?;
    let text = text.split(|&byte| byte == b'\n').nth(number.checked_sub(1)?)?;
    Some(format!("{number:6} | {}", String::from_utf8_lossy(text).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_hints() {
        for (error, expected) in [
            (Error::limit(Limit::MessageSize, "x"), "message_size"),
            (Error::new(ErrorKind::RateLimited, "mailbox is full"), "receive faster"),
            (Error::invalid("payload[1]: cannot send a function"), "messages are copied"),
            (Error::invalid("a.lua:1: module 'x' not found"), "modules are time"),
            (Error::not_found("program \"app:x\" not found"), "as app:NAME"),
        ] {
            let hint = of_error(&error).unwrap_or_default();
            assert!(hint.contains(expected), "{error:?}: {hint}");
        }
        assert_eq!(of_error(&Error::invalid("boom")), None);
    }

    #[test]
    fn what_a_node_tells_has_hints() {
        for (error, expected) in [
            (Error::not_found("program \"app:x\" not found"), "procession check"),
            (Error::not_found("process \"x\" not found"), "procession ps"),
            (Error::not_found("process host \"x\" not found"), "procession hosts"),
            (Error::not_found("no process host, service, supervisor or pool \"x\""), "the hosts"),
            (Error::not_found("service \"x\" not found"), "procession status"),
            (Error::not_found("policy \"x\" not found"), "procession policy list"),
            (Error::invalid("size 60 is not within 5 to 50"), "--max N"),
            (Error::new(ErrorKind::Timeout, "it took too long"), "--timeout"),
            (Error::new(ErrorKind::RateLimited, "mailbox is full"), "receives slower"),
        ] {
            let hint = of_problem(&error.clone().into()).unwrap_or_default();
            assert!(hint.contains(expected), "{error:?}: {hint}");
        }
        let of_program = procession_api::Problem {
            status: 422,
            ..Error::new(ErrorKind::Timeout, "no answer in time").into()
        };
        assert_eq!(of_problem(&of_program), None);
    }

    #[test]
    fn source_lines_are_shown() {
        let line = source_line("src/hints.rs:1: unexpected symbol").unwrap();
        assert!(line.starts_with("     1 | //! What a person"), "{line}");
        for message in ["boom", "nothing.lua:1: x", "src/hints.rs:0: x", "src/hints.rs:99999: x"] {
            assert_eq!(source_line(message), None, "{message}");
        }
    }
}
