//! [`Host`]: what a guest may ask for.

use crate::door::{Door, Purpose, check_id, check_name, check_topic};
use crate::mail::Mail;
use crate::security::Caller;
use crate::turn::bulk;
use crate::{fs, pid_bytes};
use procession_environment::{
    Call, CallId, CancelRequest, FsOperation, Host, LogRecord, Options, Owned, Queue, Relation,
    Request, SpawnRequest,
};
use procession_kernel::{Asker, CallKind, Cancel, Directory, QueueId};
use procession_telemetry::Source;
use procession_types::{
    Context, Error, Event, Fragment, Limit, Message, Pid, Rest, Scalar, SmolStr, Timestamp, Topic,
};
use std::sync::{Arc, LazyLock};

static NO_CONTEXT: LazyLock<Context> = LazyLock::new(Context::default);

fn kernel_call(id: CallId) -> procession_kernel::CallId {
    procession_kernel::CallId(id.0)
}

impl Host for Door<'_> {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn program(&self) -> &str {
        self.worker.program(self.slot)
    }

    fn write_pid(&self, pid: Pid, out: &mut Vec<u8>) {
        let mut written = self.worker.written.borrow_mut();
        let (of, text) = &mut *written;
        // The process that was just spawned, or who is answered again and again.
        if *of != pid || text.is_empty() {
            let shared = &self.worker.shared;
            text.clear();
            pid_bytes::write(pid, &shared.hosts, shared.name.as_deref(), text);
            *of = pid;
        }
        out.extend_from_slice(text);
    }

    fn now(&mut self) -> Timestamp {
        self.worker.now = self.worker.shared.clock.now();
        self.worker.now
    }

    fn random(&mut self) -> u64 {
        self.worker.random.next()
    }

    fn send(&mut self, to: &[u8], topic: Topic, payload: Fragment) -> Result<(), Error> {
        let done = (|| {
            self.check_living()?;
            check_topic(&topic)?;
            let pid = self.resolve_to_send(to)?;
            self.check_pid("process.send", pid)?;
            if let Some(keeper) = self.worker.shared.keeper.as_ref().filter(|_| pid.is_durable())
                && keeper.resting.room(pid) == 0
            {
                return Err(crate::durable::full());
            }
            let slot = self.slot;
            self.worker.sends += 1;
            self.worker.bulk += bulk(&payload);
            self.worker.step(|kernel, cx| kernel.send(cx, slot, pid, topic, payload))
        })();
        self.noted(done)
    }

    fn receive(&mut self, queue: Queue) -> Option<Box<Message>> {
        let slot = self.slot;
        let message = self.worker.step(|kernel, cx| kernel.receive(cx, slot, QueueId(queue.0)));
        if let Some(message) = &message {
            self.worker.receives += 1;
            self.worker.bulk += bulk(&message.payload);
        }
        message
    }

    fn has_message(&self, queue: Queue) -> bool {
        self.worker.kernel.has_message(self.slot, QueueId(queue.0))
    }

    fn receive_event(&mut self) -> Option<Event> {
        self.worker.kernel.receive_event(self.slot)
    }

    fn has_event(&self) -> bool {
        self.worker.kernel.has_event(self.slot)
    }

    fn listen(&mut self, topic: &Topic) -> Result<Queue, Error> {
        let done = (|| {
            check_topic(topic)?;
            self.worker.kernel.listen(self.slot, topic).map(|queue| Queue(queue.0))
        })();
        self.noted(done)
    }

    fn unlisten(&mut self, queue: Queue) {
        self.worker.kernel.unlisten(self.slot, QueueId(queue.0));
    }

    fn spawn(&mut self, request: SpawnRequest) -> Result<Pid, Error> {
        let done = self.spawn_or_call(request, Purpose::Spawn).map(|(pid, _)| pid);
        self.noted(done)
    }

    fn spawn_owned(&mut self, request: SpawnRequest) -> Result<Owned, Error> {
        let done = self.own(request);
        self.noted(done)
    }

    fn adopt(&mut self, program: &str, host: &str) -> Option<Vec<Pid>> {
        self.adopt_all(program, host)
    }

    fn keep(&mut self, messages: Vec<Message>) {
        self.keep_messages(messages);
    }

    fn hand_queued(&mut self, child: Pid, n: u64, message: Message) -> Result<(), Error> {
        self.hand_from_queue(child, n, message)
    }

    fn count_handed(&mut self, child: Pid, topic: Topic) {
        self.count_as_handed(child, topic);
    }

    fn settle_queued(&mut self, n: u64, by: Pid) {
        self.settle_in_queue(n, by);
    }

    fn bury_queued(
        &mut self,
        n: u64,
        letter: Option<(&str, Topic, Fragment)>,
    ) -> Result<(), Error> {
        self.bury_from_queue(n, letter)
    }

    fn terminate(&mut self, to: &[u8]) -> Result<(), Error> {
        let done = (|| {
            let pid = self.resolve(to)?;
            self.check_pid("process.terminate", pid)?;
            let slot = self.slot;
            let done = self.worker.step(|kernel, cx| kernel.terminate_by(cx, slot, pid));
            self.notice_end();
            done
        })();
        self.noted(done)
    }

    fn cancel(&mut self, to: &[u8], request: CancelRequest) -> Result<(), Error> {
        let done = (|| {
            let pid = self.resolve(to)?;
            self.check_pid("process.cancel", pid)?;
            let now = self.now();
            let cancel = Cancel {
                from: Some(self.pid),
                deadline: request.deadline_ns.map(|wait| now.after(wait)),
                reason: request.reason.map(String::into_boxed_str),
            };
            self.worker.step(|kernel, cx| kernel.cancel(cx, pid, cancel))
        })();
        self.noted(done)
    }

    fn relate(&mut self, relation: Relation, to: &[u8]) -> Result<(), Error> {
        let done = (|| {
            let pid = self.resolve(to)?;
            let slot = self.slot;
            let action = match relation {
                Relation::Monitor => "process.monitor",
                Relation::Unmonitor => "process.unmonitor",
                Relation::Link => "process.link",
                Relation::Unlink => "process.unlink",
            };
            self.check_pid(action, pid)?;
            let done = self.worker.step(|kernel, cx| match relation {
                Relation::Monitor => kernel.monitor(cx, slot, pid),
                Relation::Unmonitor => kernel.unmonitor(cx, slot, pid),
                Relation::Link => kernel.link(cx, slot, pid),
                Relation::Unlink => kernel.unlink(cx, slot, pid),
            });
            self.notice_end();
            done
        })();
        self.noted(done)
    }

    fn ask_rest(&mut self, child: &[u8], rest: Rest) -> Result<(), Error> {
        let (slot, child) = (self.slot, self.resolve(child)?);
        if rest == Rest::Asleep {
            return self.put_to_rest(child);
        }
        self.worker.step(|kernel, cx| kernel.ask_rest(cx, slot, child, rest))
    }

    fn hand(&mut self, child: Pid, message: Message) -> Result<(), Error> {
        self.check_living()?;
        let slot = self.slot;
        self.worker.sends += 1;
        self.worker.step(|kernel, cx| kernel.hand(cx, slot, child, message))
    }

    fn waiting(&self) -> u32 {
        self.worker.kernel.waiting(self.slot)
    }

    fn is_ending(&self) -> bool {
        self.ending
    }

    fn options(&self) -> Options {
        Options { trap_links: self.worker.kernel.traps_links(self.slot) }
    }

    fn set_options(&mut self, options: Options) {
        self.worker.kernel.set_trap_links(self.slot, options.trap_links);
    }

    fn upgrade(&mut self, program: Option<&str>, arguments: Fragment) -> Result<(), Error> {
        let done = (|| {
            self.check_living()?;
            if self.starting {
                return Err(Error::invalid("a program that is being loaded can't be upgraded"));
            }
            let id = SmolStr::new(program.unwrap_or_else(|| self.program()));
            check_id("program", &id)?;
            let loaded = self.worker.shared.programs.load(&id, self.pid.host)?;
            self.check_program(&loaded)?;
            self.worker.prepare(self.slot, self.pid, loaded, &arguments)
        })();
        self.noted(done)
    }

    fn register(&mut self, name: &str, pid: Option<&[u8]>) -> Result<(), Error> {
        let done = (|| {
            self.check_living()?;
            check_name(name)?;
            let pid = match pid {
                None => self.pid,
                Some(text) => self.resolve(text)?,
            };
            self.check_on("process.registry.register", name)?;
            let slot = self.slot;
            self.worker.step(|kernel, cx| kernel.register(cx, slot, name, pid))
        })();
        self.noted(done)
    }

    fn lookup(&mut self, name: &str) -> Result<Pid, Error> {
        let holder = self.worker.shared.directory.holder(name);
        holder.ok_or_else(|| {
            Error::not_found(format!("name not found: \"{}\"", crate::door::cut(name)))
        })
    }

    fn unregister(&mut self, name: &str) -> Result<bool, Error> {
        let done = (|| {
            let directory = &self.worker.shared.directory;
            let holder = directory.holder(name);
            if holder != Some(self.pid) {
                self.check_on("process.registry.unregister", name)?;
            }
            Ok(holder.is_some() && directory.release(name).is_some())
        })();
        self.noted(done)
    }

    fn context(&self) -> &Context {
        self.worker.kernel.context(self.slot).map_or(&NO_CONTEXT, |context| context)
    }

    fn can(&mut self, action: &str, resource: &str) -> bool {
        self.check_on(action, resource).is_ok()
    }

    fn check(&mut self, action: &str, resource: &str) -> Result<(), Error> {
        let done = self.check_on(action, resource);
        self.noted(done)
    }

    fn can_with(&mut self, action: &str, resource: &str, attributes: &[(String, Scalar)]) -> bool {
        let shared = &self.worker.shared;
        let context = self.context();
        let caller = Caller { shared, pid: self.pid, more: attributes };
        shared.is_open_to(context)
            || self.is_built_in()
            || shared.decide(context, action, resource, &caller).allowed
    }

    fn print(&mut self, line: &[u8]) {
        if self.ending {
            return;
        }
        let worker = &mut *self.worker;
        let telemetry = &worker.shared.telemetry;
        let hold = if telemetry.keeps() {
            let source = worker.shared.source(self.pid);
            let source = Source { program: worker.program(self.slot), ..source };
            telemetry.print(worker.now, &source, line)
        } else {
            telemetry.print_only(line)
        };
        worker.hold |= hold;
    }

    fn log(&mut self, record: LogRecord) {
        if self.ending {
            return;
        }
        let worker = &mut *self.worker;
        let source =
            Source { program: worker.program(self.slot), ..worker.shared.source(self.pid) };
        let hold = worker.shared.telemetry.log(worker.now, &source, &record);
        worker.hold |= hold;
    }

    fn ask(&mut self, request: Request) -> Result<Fragment, Error> {
        let done = self.ask_service(request);
        self.noted(done)
    }

    fn start(&mut self, call: Call) -> Result<CallId, Error> {
        let done = (|| {
            self.check_living()?;
            match call {
                Call::Sleep { nanoseconds } => {
                    let until = self.now().after(nanoseconds);
                    let call =
                        self.worker.kernel.open_call(self.slot, CallKind::Sleep { until })?;
                    Ok(CallId(call.0))
                }
                Call::Process(request) => self.call_process(*request, Purpose::Call),
                Call::Function(mut request) => {
                    let host = self.worker.shared.hosts.get(self.pid.host);
                    request.host = host.cloned().unwrap_or_default();
                    self.call_process(*request, Purpose::Function)
                }
                Call::Fs(operation) => self.start_fs(operation),
                Call::Http(request) => self.start_http(*request),
                Call::Consume { queue } => self.start_consume(&queue),
                Call::Info { to } => self.start_info(&to),
            }
        })();
        self.noted(done)
    }

    fn is_finished(&self, id: CallId) -> bool {
        self.worker.kernel.is_finished(self.slot, kernel_call(id))
    }

    fn finish(&mut self, id: CallId) -> Option<Result<Fragment, Error>> {
        self.worker.kernel.finish(self.slot, kernel_call(id))
    }

    fn is_open(&self, id: CallId) -> bool {
        self.worker.kernel.has_call(self.slot, kernel_call(id))
    }

    fn expire(&mut self, id: CallId, nanoseconds: u64) -> Result<(), Error> {
        let until = self.now().after(nanoseconds);
        self.worker.kernel.limit_call(self.slot, kernel_call(id), until)
    }

    fn abandon(&mut self, id: CallId) {
        let slot = self.slot;
        self.worker.step(|kernel, cx| kernel.abandon(cx, slot, kernel_call(id)));
        self.notice_end();
    }
}

impl Door<'_> {
    /// A result that the guest gets; a refusal is told.
    #[inline]
    fn noted<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| self.refused(error))
    }

    #[cold]
    fn refused(&mut self, error: Error) -> Error {
        let program = SmolStr::new(self.worker.program(self.slot));
        self.worker.count_refused(self.pid, &program, &error);
        self.worker.tell_refused(self.pid, &program, &error);
        error
    }

    fn call_process(&mut self, request: SpawnRequest, purpose: Purpose) -> Result<CallId, Error> {
        let (_, call) = self.spawn_or_call(request, purpose)?;
        call.ok_or_else(|| Error::not_found("the process of the call was not started"))
    }

    fn start_info(&mut self, to: &[u8]) -> Result<CallId, Error> {
        let call = self.open_driver_call()?;
        self.launched(call, |door| door.launch_info(call, to))
    }

    pub(crate) fn launch_info(&mut self, call: CallId, to: &[u8]) -> Result<(), Error> {
        let about = self.resolve(to)?;
        self.check_pid("process.info", about)?;
        let sees_security = self.check_pid("process.info.security", about).is_ok();
        let asker = Asker::Process { pid: self.pid, call: kernel_call(call), sees_security };
        self.worker.step(|kernel, cx| kernel.inspect(cx, about, asker))
    }

    fn start_fs(&mut self, operation: FsOperation) -> Result<CallId, Error> {
        let (path, _, action) = fs::subject(&operation);
        self.check_on(action, path)?;
        let call = self.open_driver_call()?;
        self.launched(call, |door| door.launch_fs(call, operation))
    }

    pub(crate) fn launch_fs(&mut self, call: CallId, operation: FsOperation) -> Result<(), Error> {
        let shared = Arc::clone(&self.worker.shared);
        let (pid, call) = (self.pid, kernel_call(call));
        let job = Box::new(move || {
            let result = fs::perform(&shared.grants(), &operation);
            // The home of the process knows where it is.
            if let Some(inbox) = shared.inbox(pid.shard) {
                inbox.push(Mail::Reply { pid, call, result });
            }
        });
        if self.worker.shared.io.submit(job).is_ok() {
            return Ok(());
        }
        Err(Error::limit(Limit::Calls, "too many file operations are waiting"))
    }

    pub(crate) fn open_driver_call(&mut self) -> Result<CallId, Error> {
        let call = self.worker.kernel.open_call(self.slot, CallKind::Driver)?;
        Ok(CallId(call.0))
    }

    /// A call whose operation has been started, or is taken back when that was refused.
    pub(crate) fn launched(
        &mut self,
        call: CallId,
        launch: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<CallId, Error> {
        match launch(self) {
            Ok(()) => Ok(call),
            Err(error) => {
                self.abandon(call);
                Err(error)
            }
        }
    }
}
