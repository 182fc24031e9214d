//! Effects of a commit that is on disk.

use super::commit::parcel;
use super::process::Arrival;
use crate::door::Door;
use crate::mail::Mail;
use crate::pid_bytes;
use crate::worker::Worker;
use procession_durable::head::number;
use procession_durable::journal::{Entry, Source};
use procession_environment::{Call, CallId, Host as _};
use procession_kernel::{Cancel, Directory as _, SlotIndex};
use procession_telemetry::Source as TelemetrySource;
use procession_types::{Error, HostIds, Pid, Timestamp};

impl Worker {
    /// Lets happen what a process asked for in its record `n`, which was written with a group of commits.
    pub(crate) fn release(
        &mut self,
        (pid, slot): (Pid, SlotIndex),
        (n, group): (u64, u64),
        program: &str,
        outputs: Vec<Entry>,
    ) {
        let id = number(&pid);
        for (index, output) in outputs.into_iter().enumerate() {
            let source = Source { id, n, index: index as u32 };
            if let Some((to, parcel)) = parcel(pid, &output).filter(|(to, _)| to.is_durable()) {
                self.send_parcel(to, Arrival { source, parcel, group });
                continue;
            }
            let queues = self.shared.keeper.as_ref().map(|keeper| &keeper.queues);
            if matches!(output, Entry::Sent { .. })
                && let Some(process) = queues.and_then(|queues| queues.arrived(source))
            {
                self.rouse_pool(process);
                continue;
            }
            // What concerns a process that is gone by now is as if it had come too late.
            let _ = self.release_one(pid, slot, program, output);
        }
    }

    fn release_one(
        &mut self,
        pid: Pid,
        slot: SlotIndex,
        program: &str,
        output: Entry,
    ) -> Result<(), Error> {
        match output {
            Entry::Sent { to, topic, payload } => {
                let message = procession_types::Message { topic, from: Some(pid), payload };
                self.step(|kernel, cx| kernel.post(cx, to, message))
            }
            Entry::Spawned { pid: child, call, .. } => {
                // A call that was abandoned meanwhile needs no process.
                let wanted = call.is_none_or(|call| {
                    let call = procession_kernel::CallId(call.0);
                    self.kernel.pid(slot) == Some(pid) && self.kernel.has_call(slot, call)
                });
                if wanted {
                    self.hatch(pid, child)
                } else {
                    self.discard_embryo(child)
                }
                Ok(())
            }
            Entry::Terminated(to) => self.step(|kernel, cx| kernel.terminate(cx, to)),
            Entry::Cancelled { to, at, request } => {
                let cancel = Cancel {
                    from: Some(pid),
                    deadline: request.deadline_ns.map(|wait| at.after(wait)),
                    reason: request.reason.map(String::into_boxed_str),
                };
                self.step(|kernel, cx| kernel.cancel(cx, to, cancel))
            }
            Entry::Unregistered { name, .. } => {
                self.shared.directory.release(&name);
                Ok(())
            }
            Entry::Called { call, what } => self.launch_call(pid, slot, call, *what),
            Entry::Printed(line) => {
                let source = TelemetrySource { program, ..self.shared.source(pid) };
                self.shared.telemetry.print(self.now, &source, &line);
                Ok(())
            }
            Entry::Logged(record) => {
                let source = TelemetrySource { program, ..self.shared.source(pid) };
                self.shared.telemetry.log(self.now, &source, &record);
                Ok(())
            }
            // The others are answers.
            _ => Ok(()),
        }
    }

    /// Starts an operation outside for a call that is open already.
    pub(crate) fn launch_call(
        &mut self,
        pid: Pid,
        slot: SlotIndex,
        call: CallId,
        what: Call,
    ) -> Result<(), Error> {
        let id = procession_kernel::CallId(call.0);
        if self.kernel.pid(slot) != Some(pid) || !self.kernel.has_call(slot, id) {
            return Ok(());
        }
        let born = self.desk.kept.get(&slot).map(|kept| kept.head.birth.at);
        let key = born.map(|at| idempotency_key(&self.shared.hosts, pid, at, call));
        let mut door = Door::new(self, slot, pid);
        let launched = door.launch(call, what, key);
        if let Err(error) = launched {
            self.step(|kernel, cx| kernel.answer(cx, slot, id, Err(error)));
        }
        Ok(())
    }

    /// Brings something to a durable process, wherever it is: it is in the store already.
    pub(super) fn send_parcel(&mut self, to: Pid, arrival: Arrival) {
        let home = to.shard % self.shared.shards();
        if home == self.shard {
            return self.accept(to, arrival);
        }
        let task = move |worker: &mut Self| worker.accept(to, arrival);
        self.post_task(home, Box::new(task));
    }

    /// What will never happen, because its commit will never be on disk.
    pub(crate) fn drop_outputs(&mut self, outputs: &[Entry]) {
        for output in outputs {
            if let Entry::Spawned { pid, .. } = output {
                self.discard_embryo(*pid);
            }
        }
    }

    /// A task for another shard, behind the signals that are under way to it.
    pub(crate) fn post_task(&mut self, shard: u16, task: crate::mail::Task) {
        self.outbox(shard).push(Mail::Task(task));
        self.post();
    }
}

/// What a call is known by outside of the node: the same after a crash, and like none of another process or
/// node. PIDs alone could be the same on two nodes whose stores were made in the same second.
fn idempotency_key(hosts: &HostIds, pid: Pid, born: Timestamp, call: CallId) -> String {
    let mut key = Vec::new();
    // Without the node's name, which may be another one at the next start.
    pid_bytes::write(pid, hosts, None, &mut key);
    key.retain(u8::is_ascii_graphic);
    format!("{}/{:x}/{}", String::from_utf8_lossy(&key), born.0, call.0)
}

impl Door<'_> {
    /// Starts an operation outside for a call that is open already. With the `key` a request is known to be
    /// the same when it comes again.
    pub(crate) fn launch(
        &mut self,
        call: CallId,
        what: Call,
        key: Option<String>,
    ) -> Result<(), Error> {
        match what {
            Call::Fs(operation) => self.launch_fs(call, operation),
            Call::Http(request) => self.launch_http(call, *request, key),
            Call::Consume { queue } => self.launch_consume(call, &queue),
            Call::Info { to } => self.launch_info(call, &to),
            Call::Sleep { .. } | Call::Process(_) | Call::Function(_) => {
                self.abandon(call);
                Ok(())
            }
        }
    }
}
