//! The door of one process: what its guest's `Host` is made of. Checks and look-ups are here, the
//! trait itself is in `door_host`.

use crate::birth::{Birth, Bond};
use crate::drain::Starter;
use crate::pid_bytes;
use crate::program::Loaded;
use crate::security::Caller;
use crate::worker::Worker;
use procession_environment::{CallId, SpawnRequest};
use procession_kernel::{Directory, SlotIndex};
use procession_types::{Context, Error, ErrorKind, HostIndex, Pid, TOPIC_BYTES_MAX, Topic};
use std::sync::Arc;

/// Longest registered name, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// Why a process is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It lives on its own.
    Spawn,
    /// The caller waits for its result.
    Call,
    /// Likewise, on the caller's own process host.
    Function,
}

/// See the module.
pub(crate) struct Door<'a> {
    pub(crate) worker: &'a mut Worker,
    pub(crate) slot: SlotIndex,
    pub(crate) pid: Pid,
    /// The guest's top level runs; it can't be replaced yet.
    pub(crate) starting: bool,
    /// The process has been ended by what it did in this turn.
    pub(crate) ending: bool,
}

impl<'a> Door<'a> {
    pub(crate) fn new(worker: &'a mut Worker, slot: SlotIndex, pid: Pid) -> Self {
        Self { worker, slot, pid, starting: false, ending: false }
    }

    pub(crate) fn starting(worker: &'a mut Worker, slot: SlotIndex, pid: Pid) -> Self {
        Self { worker, slot, pid, starting: true, ending: false }
    }

    /// The process that a text means: a PID, or a name that somebody holds.
    #[inline(always)]
    pub(crate) fn resolve(&mut self, to: &[u8]) -> Result<Pid, Error> {
        match self.worker.pid_cache.get(to) {
            Some(pid) => Ok(pid),
            None => self.read_destination(to),
        }
    }

    #[inline(never)]
    fn read_destination(&mut self, to: &[u8]) -> Result<Pid, Error> {
        let shared = &self.worker.shared;
        if to.first() == Some(&b'{')
            && let Some(pid) = pid_bytes::read(to, &shared.hosts, shared.name.as_deref())?
            && shared.is_as_written(pid)
        {
            // What a number means that nobody has yet is found out when somebody has it.
            if !pid.is_durable() || shared.is_alive(pid) {
                self.worker.pid_cache.put(to, pid);
            }
            return Ok(pid);
        }
        let name = std::str::from_utf8(to).ok();
        name.and_then(|name| shared.directory.holder(name)).ok_or_else(|| {
            let text = String::from_utf8_lossy(to);
            Error::not_found(format!("process not found: \"{}\"", cut(&text)))
        })
    }

    /// The process to which a message goes. One that is drained is not reached by its names any more;
    /// who knows its PID is in the middle of something with it.
    #[inline]
    pub(crate) fn resolve_to_send(&mut self, to: &[u8]) -> Result<Pid, Error> {
        let pid = self.resolve(to)?;
        if to.first() != Some(&b'{')
            && let Ok(name) = std::str::from_utf8(to)
        {
            self.worker.shared.drains.gates.check_name(name)?;
        }
        Ok(pid)
    }

    /// A check on a process.
    #[inline(always)]
    pub(crate) fn check_pid(&self, action: &str, pid: Pid) -> Result<(), Error> {
        let Some(context) = self.worker.kernel.context(self.slot) else { return Ok(()) };
        if self.worker.shared.is_open_to(context) {
            return Ok(());
        }
        self.decide_pid(action, pid, context)
    }

    #[inline(never)]
    fn decide_pid(&self, action: &str, pid: Pid, context: &Context) -> Result<(), Error> {
        if self.is_built_in() {
            return Ok(());
        }
        let shared = &self.worker.shared;
        let text = shared.pid_text(pid);
        let allowed = shared.allows(context, self.pid, action, &text);
        if allowed { Ok(()) } else { Err(Error::denied(action, &text)) }
    }

    /// A check on anything else.
    pub(crate) fn check_on(&self, action: &str, resource: &str) -> Result<(), Error> {
        let Some(context) = self.worker.kernel.context(self.slot) else { return Ok(()) };
        let shared = &self.worker.shared;
        if shared.allows(context, self.pid, action, resource) || self.is_built_in() {
            return Ok(());
        }
        Err(Error::denied(action, resource))
    }

    /// Whether the guest is a part of the runtime: no policy stands in its way.
    pub(crate) fn is_built_in(&self) -> bool {
        let definition = self.worker.kernel.definition(self.slot);
        definition.is_some_and(|definition| definition.built_in)
    }

    /// Programs of the runtime itself run where it has put them.
    pub(crate) fn check_program(&self, loaded: &Loaded) -> Result<(), Error> {
        if loaded.definition.built_in && !self.is_built_in() {
            return Err(built_in_program(&loaded.definition.program));
        }
        Ok(())
    }

    /// Starts a process.
    pub(crate) fn spawn_or_call(
        &mut self,
        request: SpawnRequest,
        purpose: Purpose,
    ) -> Result<(Pid, Option<CallId>), Error> {
        let called = purpose != Purpose::Spawn;
        // Who has children talks to them: it stays with them, as with those it sends to.
        self.worker.sends += 1;
        let (host, loaded, context) = self.check_request(&request, purpose)?;
        if let Some(name) = &request.name
            && let (Some(holder), false) = (self.worker.shared.directory.holder(name), called)
        {
            self.worker.deliver_to_holder(holder, Some(self.slot), request)?;
            return Ok((holder, None));
        }
        let bond = if called { Bond::Called } else { Bond::Free };
        self.bear(request, (host, loaded, context), bond)
    }

    /// Starts a process for which everything has been checked.
    pub(crate) fn bear(
        &mut self,
        request: SpawnRequest,
        (host, loaded, context): (HostIndex, Loaded, Arc<Context>),
        bond: Bond,
    ) -> Result<(Pid, Option<CallId>), Error> {
        let parent = Some(self.slot);
        let born = self.worker.birth(Birth { request, host, loaded, context, parent, bond });
        // The child's top level may have ended its parent.
        self.notice_end();
        let (pid, call) = born?;
        Ok((pid, call.map(|call| CallId(call.0))))
    }

    /// Everything about a request that can be refused, and what it means: the process host, the program,
    /// the context.
    pub(crate) fn check_request(
        &mut self,
        request: &SpawnRequest,
        purpose: Purpose,
    ) -> Result<(HostIndex, Loaded, Arc<Context>), Error> {
        self.check_living()?;
        let version = self.worker.shared.programs.version();
        let known = self.worker.recent.get(version, &request.program, &request.host);
        if known.is_none() {
            check_id("program", &request.program)?;
            check_id("host", &request.host)?;
        }
        self.check_spawn(request, purpose)?;
        let (host, loaded) = match known {
            Some(known) => known,
            None => self.look_up(version, request)?,
        };
        let starter = match self.is_built_in() {
            true => Starter::BuiltIn,
            false => Starter::Process(self.pid.host),
        };
        self.worker.shared.drains.gates.check_start(host, starter, || request.host.clone())?;
        self.check_program(&loaded)?;
        for (topic, _) in &request.messages {
            check_topic(topic)?;
        }
        if let Some(name) = &request.name {
            check_name(name)?;
            self.worker.shared.drains.gates.check_name(name).or_else(|error| {
                match self.is_built_in() {
                    true => Ok(()),
                    false => Err(error),
                }
            })?;
        }
        let inherited = self.worker.kernel.context(self.slot).map(Arc::clone).unwrap_or_default();
        let context = match &request.context {
            Some(change) => Arc::new(inherited.changed(change)),
            None => inherited,
        };
        Ok((host, loaded, context))
    }

    /// The process host and the program that a request means.
    #[inline(never)]
    fn look_up(
        &mut self,
        version: u64,
        request: &SpawnRequest,
    ) -> Result<(HostIndex, Loaded), Error> {
        let shared = &self.worker.shared;
        let Some(host) = shared.host(&request.host) else {
            let message = format!("process host \"{}\" not found", cut(&request.host));
            return Err(Error::not_found(message));
        };
        let loaded = shared.programs.load(&request.program, host)?;
        let names = (&request.program, &request.host);
        self.worker.recent.put(version, names, (host, &loaded));
        Ok((host, loaded))
    }

    fn check_spawn(&self, request: &SpawnRequest, purpose: Purpose) -> Result<(), Error> {
        let shared = &self.worker.shared;
        let context = self.worker.kernel.context(self.slot);
        if context.is_none_or(|context| shared.is_open_to(context)) || self.is_built_in() {
            return Ok(());
        }
        let program = &request.program;
        match purpose {
            Purpose::Spawn => self.check_on("process.spawn", program)?,
            Purpose::Call => self.check_call(program)?,
            Purpose::Function => self.check_on("funcs.call", program)?,
        }
        if request.monitored {
            self.check_on("process.spawn.monitored", program)?;
        }
        if request.linked {
            self.check_on("process.spawn.linked", program)?;
        }
        if purpose != Purpose::Function {
            self.check_on("process.host", &request.host)?;
        }
        let Some(change) = &request.context else { return Ok(()) };
        if change.actor.is_some() || change.scope.is_some() {
            self.check_on("process.security", "security")?;
        }
        if !change.values.is_empty() {
            self.check_on("process.context", "context")?;
        }
        Ok(())
    }
}

impl Door<'_> {
    /// A call needs `process.call`, or `process.exec` when no policy denies the former.
    fn check_call(&self, program: &str) -> Result<(), Error> {
        let shared = &self.worker.shared;
        let Some(context) = self.worker.kernel.context(self.slot) else { return Ok(()) };
        let caller = Caller { shared, pid: self.pid, more: &[] };
        let decision = shared.decide(context, "process.call", program, &caller);
        if decision.allowed || !decision.is_denied && self.check_on("process.exec", program).is_ok()
        {
            return Ok(());
        }
        Err(Error::denied("process.call", program))
    }

    /// What the process does once it has been ended has no effect: it only has not noticed yet.
    #[inline]
    pub(crate) fn check_living(&self) -> Result<(), Error> {
        if self.ending {
            return Err(Error::new(ErrorKind::Canceled, "the process is ending"));
        }
        Ok(())
    }

    /// Notes whether the step just taken has ended the process itself.
    pub(crate) fn notice_end(&mut self) {
        self.ending = self.worker.kernel.is_doomed(self.slot);
    }
}

pub(crate) fn built_in_program(id: &str) -> Error {
    let message = format!("\"{id}\" is a part of an application: only its supervisor starts it");
    Error::new(ErrorKind::PermissionDenied, message)
}

#[inline(always)]
pub(crate) fn check_topic(topic: &Topic) -> Result<(), Error> {
    if topic.is_empty() || topic.is_reserved() || topic.len() > TOPIC_BYTES_MAX {
        return Err(invalid_topic(topic));
    }
    Ok(())
}

#[cold]
fn invalid_topic(topic: &str) -> Error {
    let message = "a topic has 1 to 255 bytes and does not start with @";
    Error::invalid(format!("invalid topic \"{}\": {message}", cut(topic)))
}

/// Ids are `namespace:name`.
pub(crate) fn check_id(what: &str, id: &str) -> Result<(), Error> {
    let bytes = id.as_bytes();
    let colons = bytes.iter().filter(|&&byte| byte == b':').count();
    if colons == 1 && bytes.first() != Some(&b':') && bytes.last() != Some(&b':') {
        return Ok(());
    }
    let message = format!("invalid {what} id \"{}\": write namespace:name", cut(id));
    Err(Error::invalid(message))
}

pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.starts_with('{') || name.len() > NAME_BYTES_MAX {
        let message = "a name has 1 to 255 bytes and does not start with a brace";
        return Err(Error::invalid(format!("invalid name \"{}\": {message}", cut(name))));
    }
    Ok(())
}

/// The start of a foreign text, for messages.
pub(crate) fn cut(text: &str) -> &str {
    let mut end = text.len().min(80);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
