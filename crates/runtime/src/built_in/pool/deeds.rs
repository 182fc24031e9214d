//! What a pool wants done, and how it is done.

use super::{PoolProcess, letter};
use crate::built_in::{Progress, Seen, text};
use procession_environment::{CancelRequest, Host, Level, LogRecord, Owned, SpawnRequest};
use procession_supervision::pool::{Action, DeadLetter, Input, MemberNumber};
use procession_types::{
    Error, ErrorKind, ExitReason, Failure, Fragment, Message, Pid, Rest, SmolStr, Timestamp,
};

/// Instructions that a spawn counts for.
const SPAWN_INSTRUCTIONS: u64 = 1000;
const DEAD_LETTER: &str = "dead-letter";

impl PoolProcess {
    pub(super) fn carry_out(&mut self, host: &mut dyn Host, action: Action) -> Progress {
        match action {
            Action::Spawn { member } => return self.spawn(host, member),
            Action::Hand { pid, message, queued } => return self.hand(host, pid, message, queued),
            Action::Done { pid, queued } => host.settle_queued(queued, pid),
            Action::AskIdle { pid } => self.ask(host, pid, Rest::Idle),
            Action::Check { pid } => {
                self.ask(host, pid, Rest::WaitPoint);
                self.looks.ask(pid, 0);
            }
            Action::Cancel { pid, deadline } => self.cancel(host, pid, deadline),
            Action::Rest { pid } => {
                // One that has ended just now tells so itself.
                let _ = host.ask_rest(&text(host, pid), Rest::Asleep);
            }
            Action::Terminate { pid } => {
                // It may be dead: its end is under way then.
                let _ = host.terminate(&text(host, pid));
            }
            Action::DeadLetter(letter) => return self.send_letter(host, letter),
            Action::Report(report) => self.reporter.report(host, &report),
            Action::Finish(Ok(())) => {
                if self.pool.rests() {
                    self.leave_waiting(host);
                }
                self.tell_lost(host);
                return Progress::Ended(ExitReason::Normal(Fragment::nil()));
            }
            Action::Finish(Err(error)) => {
                self.tell_lost(host);
                return Progress::Ended(ExitReason::failed(Failure::Error(error)));
            }
        }
        Progress::Made { instructions: 0 }
    }

    fn spawn(&mut self, host: &mut dyn Host, member: MemberNumber) -> Progress {
        let definition = self.pool.definition();
        let request = SpawnRequest {
            program: SmolStr::new(&definition.program),
            host: SmolStr::new(&definition.host),
            arguments: self.given.arguments.clone(),
            monitored: true,
            context: self.given.context.clone(),
            ..SpawnRequest::default()
        };
        let input = match host.spawn_owned(request) {
            Ok(Owned { pid, call, .. }) => {
                self.members.insert(pid, call);
                self.reporter.describe(pid, &self.given.labels);
                Input::Spawned { member, pid }
            }
            Err(error) => Input::Refused { member, error },
        };
        // What it costs beside that of any input.
        let _ = self.input(host, input);
        Progress::Made { instructions: SPAWN_INSTRUCTIONS }
    }

    fn hand(
        &mut self,
        host: &mut dyn Host,
        pid: Pid,
        message: Message,
        queued: Option<u64>,
    ) -> Progress {
        let handed = match queued {
            Some(n) => host.hand_queued(pid, n, message),
            None => host.hand(pid, message),
        };
        match handed {
            Ok(()) => Progress::Made { instructions: 0 },
            Err(error) => self.input(host, Input::NotHanded { pid, error }),
        }
    }

    fn ask(&mut self, host: &mut dyn Host, pid: Pid, rest: Rest) {
        // A dead member's end is under way, and all others are children.
        let _ = host.ask_rest(&text(host, pid), rest);
    }

    fn cancel(&mut self, host: &mut dyn Host, pid: Pid, deadline: Timestamp) {
        let wait = deadline.0.saturating_sub(host.now().0).max(0) as u64;
        let reason = Some("the pool does not need it".to_owned());
        let request = CancelRequest { deadline_ns: Some(wait), reason };
        let to = text(host, pid);
        match host.cancel(&to, request) {
            Ok(()) => self.ask(host, pid, Rest::Idle),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            // It has a thousand requests unread; one more would change nothing.
            Err(_) => drop(host.terminate(&to)),
        }
    }

    fn send_letter(&mut self, host: &mut dyn Host, dead: DeadLetter) -> Progress {
        let unknown = || Error::not_found("the pool names no destination for dead letters");
        let to = self.pool.definition().recovery.dead_letter.as_deref().ok_or_else(unknown);
        let sent = match (to, dead.queued) {
            (Err(error), Some(n)) => host.bury_queued(n, None).and(Err(error)),
            (Err(error), None) => Err(error),
            (Ok(to), queued) => {
                let payload = letter::write(host, &self.pool.definition().id, &dead);
                match queued {
                    Some(n) => host.bury_queued(n, Some((to, DEAD_LETTER.into(), payload))),
                    None => host.send(to.as_bytes(), DEAD_LETTER.into(), payload),
                }
            }
        };
        let Err(error) = sent else { return Progress::Made { instructions: 0 } };
        if self.pool.is_winding_up() {
            // Told at once, in the end: there may be as many as the queue has room for.
            let count = self.lost.take().map_or(0, |(count, _)| count) + 1;
            self.lost = Some((count, error));
            return self.input(host, Input::LetterLost);
        }
        host.log(LogRecord {
            level: Level::Error,
            message: "a dead letter is lost".to_owned(),
            fields: vec![
                ("topic".to_owned(), dead.message.topic.to_string()),
                ("attempts".to_owned(), dead.attempts.to_string()),
                ("error".to_owned(), dead.error.message),
                ("reason".to_owned(), error.message),
            ],
        });
        self.input(host, Input::LetterLost)
    }

    /// Says how many dead letters have reached nobody since the pool hands out nothing any more.
    fn tell_lost(&mut self, host: &mut dyn Host) {
        let Some((count, error)) = self.lost.take() else { return };
        host.log(LogRecord {
            level: Level::Error,
            message: "dead letters are lost".to_owned(),
            fields: vec![
                ("count".to_owned(), count.to_string()),
                ("reason".to_owned(), error.message),
            ],
        });
    }

    /// What a look at a member has shown.
    pub(super) fn measured(&mut self, host: &mut dyn Host) -> Option<Input> {
        loop {
            // One that can't be looked at is dead: its end is under way.
            if let (pid, _, Some(seen)) = self.looks.next(host)? {
                let Seen { memory_bytes, memory_bytes_max, is_paused } = seen;
                return Some(Input::Measured { pid, memory_bytes, memory_bytes_max, is_paused });
            }
        }
    }
}
