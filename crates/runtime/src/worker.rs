//! A worker: the thread of one shard, and the only one that touches its kernel and guests.

use crate::aside::Absent;
use crate::chronicle::{Chronicle, Life};
use crate::config::Spreading;
use crate::durable::Desk;
use crate::guests::{Guests, Resident};
use crate::idle::Idle;
use crate::inbox::Inbox;
use crate::mail::Mail;
use crate::pid_cache::PidCache;
use crate::pressure::Pressure;
use crate::random::Random;
use crate::recent::Recent;
use crate::renewal::Waiting;
use crate::shared::Shared;
use crate::tally::Tally;
use crate::turn::Held;
use crate::upgrade::Prepared;
use procession_kernel::{Effect, Effects, Kernel, KernelConfig, Step};
use procession_types::{Error, Pid, ShardIndex, Timestamp};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How many more processes must be ready here than twice those of another shard, before it is given
/// one although it has work.
pub(crate) const RELIEF_MIN: usize = 2;
/// No process.
const NOBODY: Pid = Pid { host: 0, shard: 0, epoch: 0, slot: 0, generation: 0 };
/// Turns between two looks at the inbox and the clock.
const TURNS_PER_LOOK: usize = 16;

/// See the module.
pub(crate) struct Worker {
    pub(crate) shard: ShardIndex,
    pub(crate) shared: Arc<Shared>,
    pub(crate) kernel: Kernel,
    pub(crate) guests: Guests,
    pub(crate) effects: Effects,
    /// The clock as read last; exact enough for everything but what guests ask for.
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) idle: Idle,
    /// Processes whose turn has not been ended because they print too fast.
    pub(crate) held: Vec<Held>,
    /// Processes whose guests other threads work on.
    pub(crate) absent: Vec<Absent>,
    /// The process that has its turn printed into a full buffer.
    pub(crate) hold: bool,
    /// A guest that the running one has asked to be replaced by.
    pub(crate) prepared: Option<Prepared>,
    /// Messages that the running guest has sent in its turn.
    pub(crate) sends: u64,
    /// Messages that it has taken in its turn.
    pub(crate) receives: u64,
    /// What the payloads of these weigh: see [`crate::turn`].
    pub(crate) bulk: u64,
    pub(crate) pressure: Pressure,
    /// This shard has had as much to do for a while as its thread can.
    pub(crate) is_pressed: bool,
    /// Another shard has much less to do: the next process that uses up its slice goes there.
    pub(crate) relief: bool,
    /// Upgrades that wait until their processes are at rest.
    pub(crate) renewals: Vec<Waiting>,
    /// PIDs read from texts.
    pub(crate) pid_cache: PidCache,
    /// The PID that was written last, and its text.
    pub(crate) written: RefCell<(Pid, Vec<u8>)>,
    /// Programs started last.
    pub(crate) recent: Recent,
    /// Events that the telemetry has not been told of yet.
    pub(crate) chronicle: Chronicle,
    /// See [`crate::tally`].
    pub(crate) tally: Tally,
    /// A process that could not be started, and why.
    pub(crate) unstarted: Option<(Pid, Error)>,
    /// How many spawns are being started inside each other.
    pub(crate) depth: usize,
    /// See [`crate::durable`].
    pub(crate) desk: Desk,
    /// Signals for other shards, by shard.
    outboxes: Vec<Vec<Mail>>,
    mail: Vec<Mail>,
    stopped: bool,
}

impl Worker {
    pub(crate) fn new(config: KernelConfig, shared: Arc<Shared>, seed: Option<u64>) -> Self {
        let shard = config.shard;
        let idle = Idle::new(&config.hosts);
        let now = shared.clock.now();
        let is_pressed = shared.spreading == Spreading::Always;
        Self {
            shard,
            now,
            outboxes: shared.inboxes.iter().map(|_| Vec::new()).collect(),
            shared,
            kernel: Kernel::new(config),
            guests: Guests::default(),
            effects: Effects::new(),
            random: Random::new(seed, shard),
            idle,
            held: Vec::new(),
            absent: Vec::new(),
            hold: false,
            prepared: None,
            sends: 0,
            receives: 0,
            bulk: 0,
            pressure: Pressure::new(now),
            is_pressed,
            relief: false,
            renewals: Vec::new(),
            pid_cache: PidCache::new(),
            written: RefCell::new((NOBODY, Vec::new())),
            recent: Recent::default(),
            chronicle: Chronicle::default(),
            tally: Tally::new(),
            unstarted: None,
            depth: 0,
            desk: Desk::default(),
            mail: Vec::new(),
            stopped: false,
        }
    }

    /// The thread.
    pub(crate) fn run(mut self) {
        let inbox = Arc::clone(&self.shared.inboxes[usize::from(self.shard)]);
        self.tend_vacancies();
        while self.round(&inbox) {
            if !self.kernel.has_ready() && !inbox.has_mail() {
                self.rest();
            }
        }
    }

    /// Looks at everything once, and gives some turns; false when the thread is to end.
    pub(crate) fn round(&mut self, inbox: &Inbox) -> bool {
        self.read_mail();
        if self.stopped {
            return false;
        }
        self.now = self.shared.clock.now();
        if self.kernel.next_deadline().is_some_and(|at| at <= self.now) {
            self.step(|kernel, cx| kernel.tick(cx));
        }
        self.tend_vacancies();
        self.tend_queues();
        if !self.desk.unsent.is_empty() {
            self.send_commits();
        }
        if self.desk.alarms.first().is_some_and(|(at, _)| *at <= self.now) {
            self.ring_alarms();
        }
        self.release_held();
        self.tend_residents();
        self.tend_some();
        self.flush();
        for _ in 0..TURNS_PER_LOOK {
            let Some(run) = self.kernel.next_ready(self.now) else { break };
            self.turn(run);
            if inbox.has_mail() {
                break;
            }
        }
        let load = &self.shared.loads[usize::from(self.shard)];
        let now = self.kernel.load();
        load.processes.store(now.processes, Ordering::Relaxed);
        load.ready.store(now.ready, Ordering::Relaxed);
        if self.shared.spreading == Spreading::UnderPressure
            && let Some(is_pressed) = self.pressure.look(self.now)
        {
            self.is_pressed = is_pressed;
            load.pressed.store(is_pressed, Ordering::Relaxed);
        }
        // A shard that one loop keeps busy is never hungry; it takes one process a look from a
        // shard where twice as many are ready.
        self.relief = self
            .shared
            .loads
            .iter()
            .any(|other| now.ready > 2 * other.ready.load(Ordering::Relaxed) + RELIEF_MIN);
        true
    }

    /// One shard does for the queues what its time has come for.
    #[inline]
    fn tend_queues(&mut self) {
        if self.queues_due().is_some_and(|due| due <= self.now) {
            let handed = self.shared.services.tend_queues(self.now);
            self.shared.hand(handed);
        }
    }

    /// When this shard has something to do for the queues.
    #[inline]
    pub(crate) fn queues_due(&self) -> Option<Timestamp> {
        if self.shard == 0 { self.shared.services.queues_due() } else { None }
    }

    /// A step of the kernel.
    #[inline]
    pub(crate) fn step<T>(&mut self, act: impl FnOnce(&mut Kernel, &mut Step<'_>) -> T) -> T {
        let mut cx = Step {
            now: self.now,
            directory: &self.shared.directory,
            effects: &mut self.effects,
            places: &mut self.guests,
        };
        act(&mut self.kernel, &mut cx)
    }

    /// Carries out what the kernel has asked for.
    #[inline]
    pub(crate) fn flush(&mut self) {
        // Carrying something out may have effects of its own.
        while !self.effects.is_empty() {
            self.carry_out();
        }
        self.publish_told();
    }

    fn carry_out(&mut self) {
        let mut effects = Effects::new();
        effects.swap(&mut self.effects);
        let mut abandoned = Vec::new();
        for effect in effects.drain() {
            match effect {
                Effect::Signal { shard, signal } => {
                    self.outboxes[usize::from(shard)].push(Mail::Signal(signal));
                }
                Effect::Move { shard, slot, migrant } => {
                    // What the process did before must be under way before it acts elsewhere.
                    self.post();
                    self.drop_renewals(migrant.pid());
                    let guest = self.guests.take_of(slot, migrant.pid());
                    if let Some(resident) = &guest {
                        self.tally.at(resident.cell).alive -= 1;
                    }
                    let guest = guest.map(|resident| resident.guest);
                    self.outboxes[usize::from(shard)].push(Mail::Migrant(migrant, guest));
                    self.post();
                }
                Effect::Ended {
                    slot,
                    pid,
                    reason,
                    definition,
                    started,
                    instructions,
                    mourners,
                } => {
                    if definition.built_in {
                        self.leave_children(pid);
                    }
                    if pid.is_durable() {
                        self.killed(slot, pid, &reason, &mourners);
                    }
                    let definition = &definition;
                    self.tally.exit(&definition.program, pid.host, &reason);
                    self.tell_exited(&Life { pid, definition, started, instructions }, &reason);
                    // Who has waited for its end finds it told.
                    self.publish_told();
                    self.shared.watches.ended(pid, &reason);
                    let handed = self.shared.services.release(pid, self.now);
                    self.shared.hand(handed);
                    if self.shared.stopping.load(Ordering::SeqCst) {
                        let is_overdue = reason.label() == "deadline";
                        self.shared.overdue.fetch_add(u64::from(is_overdue), Ordering::SeqCst);
                        if self.shared.directory.processes() == 0 {
                            self.shared.quiet.ring();
                        }
                    }
                    self.drop_renewals(pid);
                    if let Some(resident) = self.guests.take_of(slot, pid) {
                        discard(resident);
                    }
                }
                Effect::Inspect { slot, pid, asker } => self.answer(slot, pid, asker),
                Effect::Wake { pid } => self.wake_durable(pid),
                // Replies that come for it will find no call.
                Effect::Abandoned { pid, call } => {
                    abandoned.push((pid, call));
                    let call = procession_environment::CallId(call.0);
                    let handed = self.shared.services.abandoned(pid, self.now, call);
                    self.shared.hand(handed);
                }
            }
        }
        self.shared.net.abandon(&abandoned);
        self.post();
        // Gives the room back to the kernel, unless it has been used meanwhile.
        if self.effects.is_empty() {
            self.effects.swap(&mut effects);
        }
    }

    /// What is under way to another shard; what is added goes behind it.
    pub(crate) fn outbox(&mut self, shard: ShardIndex) -> &mut Vec<Mail> {
        &mut self.outboxes[usize::from(shard)]
    }

    pub(crate) fn post(&mut self) {
        self.publish_told();
        for (mail, inbox) in self.outboxes.iter_mut().zip(&self.shared.inboxes) {
            if !mail.is_empty() {
                inbox.append(mail);
            }
        }
    }

    fn read_mail(&mut self) {
        let mut mail = std::mem::take(&mut self.mail);
        self.shared.inboxes[usize::from(self.shard)].take(&mut mail);
        for item in mail.drain(..) {
            match item {
                Mail::Signal(signal) => self.step(|kernel, cx| kernel.signal_of_batch(cx, signal)),
                Mail::Migrant(migrant, guest) => {
                    let pid = migrant.pid();
                    let slot = self.step(|kernel, cx| kernel.immigrate(cx, *migrant));
                    if let Some(guest) = guest {
                        let reported = guest.usage().instructions;
                        let cell = self.cell(slot, pid);
                        self.tally.at(cell).alive += 1;
                        let when = (self.now, cell);
                        let mut resident = Resident::new(pid, guest, reported, when);
                        resident.is_waiting = self.kernel.is_waiting(slot);
                        if resident.is_waiting {
                            self.idle.add(slot, &mut resident);
                        }
                        self.guests.put(slot, resident);
                    }
                }
                Mail::Reply { pid, call, result } => {
                    self.step(|kernel, cx| kernel.reply(cx, pid, call, result));
                }
                Mail::Decided { result, group } => self.decided(result, group),
                Mail::Task(task) => task(self),
                Mail::Stop => self.stopped = true,
            }
            self.flush();
        }
        self.step(|kernel, cx| kernel.end_batch(cx));
        self.mail = mail;
    }
}

/// Drops a guest; should that panic, it is that guest's misfortune only.
pub(crate) fn discard(resident: Resident) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(resident)));
}
