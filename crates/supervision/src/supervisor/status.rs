//! How a child is, for whoever asks.

use super::child::{Child, State};
use super::{Phase, Supervisor};
use procession_types::{ExitReason, Pid, Timestamp};
use std::fmt::Write as _;

/// Longest text of a reason that is kept, in bytes.
const REASON_BYTES_MAX: usize = 500;

/// How the last process of a child ended, or why there was none.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// In a word: as [`ExitReason::label`], or `refused`, `not_ready` or `unhealthy`.
    pub label: &'static str,
    /// The error, cut to a bounded length; `None` for a normal end.
    pub message: Option<Box<str>>,
}

impl Ending {
    pub(super) fn of(reason: &ExitReason, at: Timestamp) -> Self {
        let message = reason.error().map(|error| cut(&error.message));
        Self { at, label: reason.label(), message }
    }

    pub(super) fn other(label: &'static str, message: &str, at: Timestamp) -> Self {
        Self { at, label, message: Some(cut(message)) }
    }

    /// Whether the process came to its end by itself.
    pub(super) fn is_normal(&self) -> bool {
        self.message.is_none()
    }

    /// In one line.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.label),
            None => self.label.to_owned(),
        }
    }
}

pub(super) fn cut(text: &str) -> Box<str> {
    let mut end = text.len().min(REASON_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

/// The state of a child in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateName {
    /// It is not wanted.
    Stopped,
    /// It is wanted, and waits for another child.
    Waiting,
    /// Its process lives and is not ready.
    Starting,
    /// It is up.
    Running,
    /// It is a supervisor that lives, and something below it has failed for good.
    Degraded,
    /// Its process is durable, has failed over an input, and stands still.
    Halted,
    /// Its process has been asked to end.
    Stopping,
    /// It has failed and waits for its next attempt.
    Backoff,
    /// It has done its work.
    Exited,
    /// It has failed and is not started again.
    Failed,
}

impl StateName {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Stopped,
        Self::Waiting,
        Self::Starting,
        Self::Running,
        Self::Degraded,
        Self::Halted,
        Self::Stopping,
        Self::Backoff,
        Self::Exited,
        Self::Failed,
    ];

    /// As people see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::Halted => "halted",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Exited => "exited",
            Self::Failed => "failed",
        }
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildStatus {
    /// In a word.
    pub state: StateName,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is wanted up.
    pub wanted: bool,
    /// Its process.
    pub pid: Option<Pid>,
    /// How often it was started again, by failure, with its group, or by command.
    pub restarts: u64,
    /// Failures in a row.
    pub attempts: u32,
    /// When the next attempt is, when the process is terminated, or until when it must be ready.
    pub until: Option<Timestamp>,
    /// When it last answered a health check.
    pub checked: Option<Timestamp>,
    /// How often it did not answer one in time.
    pub unhealthy: u64,
    /// How its last process ended.
    pub last: Option<Ending>,
    /// Why it is as it is, when that needs a reason.
    pub reason: Option<String>,
}

impl Supervisor {
    /// How the child at a position is.
    ///
    /// # Panics
    /// When there is no such child.
    #[must_use]
    pub fn status(&self, child: usize) -> ChildStatus {
        let it = &self.children[child];
        ChildStatus {
            state: it.state.name(),
            since: it.state.since(),
            wanted: it.wanted,
            pid: it.state.pid(),
            restarts: it.restarts,
            attempts: it.attempts,
            // The next health check concerns nobody else.
            until: it.state.deadline().filter(|_| it.state.name() != StateName::Running),
            checked: it.checked,
            unhealthy: it.unhealthy,
            last: it.last.clone(),
            reason: self.reason(child, it),
        }
    }

    fn reason(&self, child: usize, it: &Child) -> Option<String> {
        match &it.state {
            State::Waiting { .. } => Some(self.obstacle(child)),
            State::Backoff { attempt, .. } => {
                let ending = it.last.as_ref().map_or_else(String::new, Ending::text);
                let of = it.definition.restart.max_attempts;
                let of = of.map_or_else(String::new, |most| format!(" of {most}"));
                Some(format!("attempt {attempt}{of} follows; {ending}"))
            }
            State::Failed { reason, .. } | State::Halted { reason, .. } => Some(reason.to_string()),
            State::Stopping { cause, .. } => Some(cause.text().to_owned()),
            State::Stopped { .. } if it.wanted && self.phase != Phase::Up => {
                Some("its supervisor has stopped".to_owned())
            }
            State::Stopped { .. } if it.is_unstarted => Some("it does not start by itself".into()),
            State::Stopped { .. } => Some("it was stopped".to_owned()),
            State::Starting { .. } | State::Running { .. } | State::Exited { .. } => None,
        }
    }

    /// What a child that is wanted waits for.
    fn obstacle(&self, child: usize) -> String {
        let it = &self.children[child];
        if let (true, Some(group)) = (it.swept, &self.group) {
            let cause = &self.children[group.cause].definition.id;
            return format!("its group is started again, since {cause} has failed");
        }
        let mut text = String::from("it");
        let mut next = self.obstructor(child);
        if next.is_none() {
            return "it is about to start".to_owned();
        }
        while let Some(at) = next {
            let other = &self.children[at];
            // Writing to a string does not fail.
            let _ = write!(text, " requires {}, which", other.definition.id);
            // One that is up, or has done its work, may have to go down for what it requires itself.
            next = if other.state.is_met() { self.obstructor(at) } else { None };
            if next.is_none() {
                let _ = write!(text, " is {}", other.state.name().name());
            }
        }
        text
    }

    /// What keeps a child from being up: the first of those it requires that is not, or must not be.
    fn obstructor(&self, child: usize) -> Option<usize> {
        let requires = &self.children[child].definition.requires;
        requires.iter().copied().find(|at| {
            let other = &self.children[*at];
            !other.state.is_met() || other.is_held
        })
    }
}
