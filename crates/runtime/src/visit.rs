//! What one can do with processes from outside of the node. All of it happens on the worker of the
//! process's shard, between two turns.

use crate::birth::{Birth, Bond};
use crate::door::built_in_program;
use crate::drain::Starter;
use crate::durable::locked;
use crate::mail::Mail;
use crate::node::{Node, Started, Stats, nanoseconds};
use crate::process_info::ProcessInfo;
use crate::program::Loaded;
use crate::shared::Shared;
use crate::worker::Worker;
use procession_environment::{Program, Seen, SpawnRequest};
use procession_kernel::{Asker, Cancel, Counts, Directory, Info, SlotIndex, Waiting};
use procession_telemetry::EventKind;
use procession_types::{
    Context, Error, ErrorKind, ExitReason, HostIndex, Message, Pid, ShardIndex,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long an answer of a shard is waited for.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

impl Node {
    /// Adds or replaces a program. Processes that run the old one go on with it.
    pub fn define(&self, program: Program) {
        self.shared.programs.define(program);
    }

    /// Takes a program away. Processes that run it go on; nothing when there is none.
    pub fn undefine(&self, id: &str) {
        self.shared.programs.undefine(id);
    }

    /// Starts a process without a parent, on the shard with the fewest.
    ///
    /// # Errors
    /// As for a spawn by a process, without permissions.
    pub fn spawn(&self, request: SpawnRequest, context: Context) -> Result<Started, Error> {
        self.start_process(request, context, may_start, |shared, pid, is_new| {
            let ending = is_new.then(|| shared.watches.add(pid, || shared.directory.is_alive(pid)));
            Started { pid, ending: ending.flatten() }
        })
    }

    /// Starts a process of the runtime itself.
    pub(crate) fn spawn_built_in(&self, request: SpawnRequest) -> Result<Started, Error> {
        let context = Context::default();
        self.start_process(
            request,
            context,
            |_, _, _| Ok(()),
            |shared, pid, is_new| {
                let ending =
                    is_new.then(|| shared.watches.add(pid, || shared.directory.is_alive(pid)));
                Started { pid, ending: ending.flatten() }
            },
        )
    }

    /// Starts a process for its end: `tell` is called once when it has ended, on a worker, so it
    /// must be quick and not wait for anything. It is not called when the node stops before. The
    /// request names nothing: a process that is there already has an end of its own.
    ///
    /// # Errors
    /// As for [`Node::spawn`].
    pub fn spawn_watched(
        &self,
        mut request: SpawnRequest,
        context: Context,
        tell: impl FnOnce(&Arc<ExitReason>) + Send + 'static,
    ) -> Result<Pid, Error> {
        request.name = None;
        self.start_process(request, context, may_start, move |shared, pid, _| {
            // Its first turn comes after this, so it lives.
            shared.watches.add_with(pid, Box::new(tell), || shared.directory.is_alive(pid));
            pid
        })
    }

    /// Starts a process on the shard with the fewest, if `check` allows its program. `begun` is
    /// told, before its first turn, who it is and whether it is new.
    fn start_process<T: Send + 'static>(
        &self,
        request: SpawnRequest,
        context: Context,
        check: MayStart,
        begun: impl FnOnce(&Shared, Pid, bool) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let shard = self.least_shard();
        let started = self.on(shard, move |worker| {
            let shared = Arc::clone(&worker.shared);
            let Some(host) = shared.host(&request.host) else {
                let message = format!("process host \"{}\" not found", request.host);
                return Err(Error::not_found(message));
            };
            let loaded = shared.programs.load(&request.program, host)?;
            check(&shared, &request, (host, &loaded))?;
            let context = Arc::new(context);
            let birth = Birth { request, host, loaded, context, parent: None, bond: Bond::Free };
            let before = worker.kernel.counts().spawned;
            let (pid, _) = worker.birth(birth)?;
            let is_new = worker.kernel.counts().spawned > before;
            Ok((begun(&shared, pid, is_new), pid.is_durable().then_some(pid)))
        })?;
        let (started, durable) = started?;
        if let Some(pid) = durable {
            // Whoever is told of it finds it after a crash.
            self.flush_store();
            if !self.is_kept(pid) {
                let message =
                    "the disk has not taken the birth of the process; see procession doctor";
                return Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true));
            }
        }
        Ok(started)
    }

    /// The shard with the fewest processes.
    pub(crate) fn least_shard(&self) -> ShardIndex {
        let loads = self.shared.loads.iter().enumerate();
        let least = loads.min_by_key(|(_, load)| load.processes.load(Ordering::Relaxed));
        least.map_or(0, |(shard, _)| shard as ShardIndex)
    }

    /// Waits for the end of a process that lives.
    ///
    /// # Errors
    /// `NotFound` when it is dead already, `Unavailable` when the node stops before.
    pub fn wait(&self, pid: Pid) -> Result<Arc<ExitReason>, Error> {
        let shared = &self.shared;
        let ending = shared.watches.add(pid, || shared.directory.is_alive(pid));
        let ending = ending.ok_or_else(|| Error::not_found("process not found"))?;
        ending.wait().ok_or_else(stopped)
    }

    /// Puts a message into a mailbox. When the process is durable, the message is on disk when this
    /// returns.
    ///
    /// # Errors
    /// `NotFound`, `RateLimited`; `Unavailable` when the disk is full.
    pub fn send(&self, to: Pid, message: Message) -> Result<(), Error> {
        let (sender, receiver) = channel();
        // Whoever asked is waiting for it.
        self.send_then(to, message, move |result| drop(sender.send(result)))?;
        receiver.recv().map_err(|_| stopped())?
    }

    /// As [`Node::send`], without waiting for the disk or the process's shard: `told` is called on a thread
    /// of the node, which it must not hold up, with what became of the message. It is dropped when the
    /// node stops before.
    ///
    /// # Errors
    /// What is wrong from the start, as of [`Node::send`]; `told` is not called then.
    pub fn send_then(
        &self,
        to: Pid,
        message: Message,
        told: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) -> Result<(), Error> {
        if to.is_durable() {
            return self.send_durable(to, message, Box::new(told));
        }
        if let Some(keeper) = &self.shared.keeper
            && let Some(pool) = keeper.queues.pool_of(to)
        {
            return self.send_queued(keeper, &pool, (to, message), Box::new(told));
        }
        let inbox =
            self.shared.inbox(to.shard).ok_or_else(|| Error::not_found("process not found"))?;
        inbox.push(Mail::Task(Box::new(move |worker| {
            let posted = worker.step(|kernel, cx| kernel.post(cx, to, message));
            worker.flush();
            told(posted);
        })));
        Ok(())
    }

    /// Asks a process to end, and terminates it after the time if there is one.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn cancel(&self, to: Pid, after: Option<Duration>, reason: &str) -> Result<(), Error> {
        let deadline = after.map(|wait| self.shared.clock.now().after(nanoseconds(wait)));
        let cancel = Cancel { from: None, deadline, reason: Some(reason.into()) };
        let act =
            move |worker: &mut Worker| worker.step(|kernel, cx| kernel.cancel(cx, to, cancel));
        self.act(EventKind::ProcessCancelled, to, reason.to_owned(), act)
    }

    /// Ends a process.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn terminate(&self, to: Pid) -> Result<(), Error> {
        self.on(to.shard, move |worker| worker.step(|kernel, cx| kernel.terminate(cx, to)))??;
        if to.is_durable() {
            // It does not come back after this.
            self.flush_store();
        }
        Ok(())
    }

    /// Lets a process stand still until it is resumed: it gets no turns and its own timers stop.
    /// What comes for it waits in its mailbox, and it can be cancelled and terminated as ever. When
    /// it has its turn, it stands still from the end of that on. Twice is once.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn pause(&self, to: Pid) -> Result<(), Error> {
        let act = move |worker: &mut Worker| worker.step(|kernel, cx| kernel.pause(cx, to));
        self.act(EventKind::ProcessPaused, to, String::new(), act)
    }

    /// Lets a paused process go on; nothing when it is not paused.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn resume(&self, to: Pid) -> Result<(), Error> {
        let act = move |worker: &mut Worker| worker.step(|kernel, cx| kernel.resume(cx, to));
        self.act(EventKind::ProcessResumed, to, String::new(), act)
    }

    /// The holder of a name.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<Pid> {
        self.shared.directory.holder(name)
    }

    /// A PID as people and programs see it.
    #[must_use]
    pub fn pid_text(&self, pid: Pid) -> String {
        self.shared.pid_text(pid)
    }

    /// What there is to know about a process. It is looked at between two of its turns, on the
    /// shard on which it is, and stopped for no longer than a slice at a time: more coroutines than
    /// that allows are looked at in further slices, up to [`crate::COROUTINES_MAX`].
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when the node is stopping, or there is no answer in
    /// [`ANSWER_PATIENCE`].
    pub fn info(&self, pid: Pid) -> Result<ProcessInfo, Error> {
        let look =
            |seen| self.look(pid, move |worker, slot, pid| worker.process_info(slot, pid, seen));
        let mut info = look(Seen::default())?;
        while let Some(seen) = info.unseen() {
            info.extend(look(seen)?);
        }
        Ok(info)
    }

    /// The oldest messages that wait for a process, `count_max` at most, and how many there are in
    /// all. They stay where they are.
    ///
    /// # Errors
    /// As for [`Node::info`].
    pub fn peek(&self, pid: Pid, count_max: usize) -> Result<(u32, Vec<Waiting>), Error> {
        self.look(pid, move |worker, slot, _| worker.kernel.peek(slot, count_max))
    }

    /// Looks at a process on the shard on which it is, between two of its turns.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        pid: Pid,
        look: impl FnOnce(&mut Worker, SlotIndex, Pid) -> Option<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (number, answer) = self.shared.questions.ask(look);
        let asker = Asker::Outside(number);
        let asked = self
            .on(pid.shard, move |worker| worker.step(|kernel, cx| kernel.inspect(cx, pid, asker)));
        let answer = match asked.flatten() {
            Ok(()) => answer.recv_timeout(ANSWER_PATIENCE),
            Err(error) => {
                drop(self.shared.questions.take(number));
                return Err(error);
            }
        };
        match answer {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(self.shared.why_absent(pid)),
            Err(_) => {
                drop(self.shared.questions.take(number));
                let message = format!("a shard has not answered for {ANSWER_PATIENCE:?}");
                Err(Error::new(ErrorKind::Unavailable, message))
            }
        }
    }

    /// What all processes do, `count_max` per shard at most.
    #[must_use]
    pub fn processes(&self, count_max: usize) -> Vec<Info> {
        let shards = 0..self.workers.len() as ShardIndex;
        let lists = shards.filter_map(|shard| {
            self.on(shard, move |worker| {
                let pids = worker.kernel.processes(0, count_max);
                let info = |(_, pid)| worker.step(|kernel, cx| kernel.info(cx, pid));
                pids.into_iter().filter_map(info).collect::<Vec<Info>>()
            })
            .ok()
        });
        lists.flatten().collect()
    }

    /// What the node has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (mut counts, mut paused) = (Counts::default(), 0);
        for shard in 0..self.workers.len() as ShardIndex {
            let look = |worker: &mut Worker| (worker.kernel.counts(), worker.kernel.load().paused);
            if let Ok((of_shard, paused_there)) = self.on(shard, look) {
                counts.add(&of_shard);
                paused += paused_there as u64;
            }
        }
        Stats {
            counts,
            processes: self.shared.directory.processes(),
            paused,
            output_failures: self.shared.telemetry.stream_failures(),
        }
    }

    /// Runs something on a worker, between two turns. Must not be called on a worker.
    pub(crate) fn on<T: Send + 'static>(
        &self,
        shard: ShardIndex,
        act: impl FnOnce(&mut Worker) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = channel();
        let inbox =
            self.shared.inbox(shard).ok_or_else(|| Error::not_found("process not found"))?;
        inbox.push(Mail::Task(Box::new(move |worker| {
            let result = act(worker);
            worker.flush();
            // Whoever asked is waiting for it.
            let _ = sender.send(result);
        })));
        receiver.recv().map_err(|_| stopped())
    }
}

impl Shared {
    /// Why there is nothing to look at.
    fn why_absent(&self, pid: Pid) -> Error {
        let keeper = self.keeper.as_ref().filter(|_| self.is_alive(pid));
        let Some(keeper) = keeper else { return Error::not_found("process not found") };
        if keeper.halted.has(pid) {
            let message = "the process stands still: procession inspect says why, and procession skip \
                lets it go on";
            return Error::new(ErrorKind::Conflict, message);
        }
        let broken = locked(&keeper.broken).get(&pid).cloned();
        let message = broken.map_or_else(
            || "the process is at rest: nobody looks after it now".to_owned(),
            |error| {
                let what = error.message;
                format!("the process can't be brought back: {what}; see procession store check")
            },
        );
        Error::new(ErrorKind::Unavailable, message)
    }
}

/// Whether a process may be started from outside, on that host, with that program.
type MayStart = fn(&Shared, &SpawnRequest, (HostIndex, &Loaded)) -> Result<(), Error>;

/// A program that is not a part of the runtime, where new work is taken.
fn may_start(
    shared: &Shared,
    request: &SpawnRequest,
    (host, loaded): (HostIndex, &Loaded),
) -> Result<(), Error> {
    let gates = &shared.drains.gates;
    gates.check_start(host, Starter::Outside, || request.host.clone())?;
    request.name.as_ref().map_or(Ok(()), |name| gates.check_name(name))?;
    match loaded.definition.built_in {
        true => Err(built_in_program(&loaded.definition.program)),
        false => Ok(()),
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Unavailable, "the node is stopping")
}
