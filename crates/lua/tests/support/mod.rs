//! A host for tests of the language alone: it prints, has a clock that always goes on, and random
//! numbers from a seed. Everything that needs other processes is refused.
#![allow(dead_code, clippy::print_stdout, missing_docs)]

use procession_environment::{
    Call, CallId, CancelRequest, Host, LogRecord, Options, Queue, Relation, Request, SpawnRequest,
};
use procession_types::{
    Context, Error, ErrorKind, Event, Fragment, Message, Pid, Timestamp, Topic,
};

pub(crate) mod corpus;
pub(crate) mod session;

#[derive(Debug, Default)]
pub(crate) struct TestHost {
    pub(crate) output: Vec<u8>,
    /// What waits in the inbox.
    pub(crate) inbox: std::collections::VecDeque<Message>,
    prints: bool,
    clock: i64,
    seed: u64,
    context: Context,
}

impl TestHost {
    pub(crate) fn printing() -> Self {
        Self { prints: true, ..Self::default() }
    }
}

impl Host for TestHost {
    fn pid(&self) -> Pid {
        Pid { host: 0, shard: 0, epoch: 1, slot: 0, generation: 0 }
    }

    fn program(&self) -> &str {
        "app:main"
    }

    fn write_pid(&self, _pid: Pid, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{app:processes|1.0.0.0}");
    }

    fn now(&mut self) -> Timestamp {
        self.clock = if self.prints {
            std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as i64)
        } else {
            self.clock + 1_000_000
        };
        Timestamp(self.clock)
    }

    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.seed
    }

    fn send(&mut self, _to: &[u8], _topic: Topic, _payload: Fragment) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn receive(&mut self, queue: Queue) -> Option<Box<Message>> {
        (queue == Queue::INBOX).then(|| self.inbox.pop_front().map(Box::new))?
    }

    fn has_message(&self, queue: Queue) -> bool {
        queue == Queue::INBOX && !self.inbox.is_empty()
    }

    fn receive_event(&mut self) -> Option<Event> {
        None
    }

    fn has_event(&self) -> bool {
        false
    }

    fn listen(&mut self, _topic: &Topic) -> Result<Queue, Error> {
        // Nothing ever comes there.
        Ok(Queue(1))
    }

    fn unlisten(&mut self, _queue: Queue) {}

    fn spawn(&mut self, _request: SpawnRequest) -> Result<Pid, Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn terminate(&mut self, _to: &[u8]) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn cancel(&mut self, _to: &[u8], _request: CancelRequest) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn relate(&mut self, _relation: Relation, _to: &[u8]) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn options(&self) -> Options {
        Options::default()
    }

    fn set_options(&mut self, _options: Options) {}

    fn upgrade(&mut self, _program: Option<&str>, _arguments: Fragment) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn register(&mut self, _name: &str, _pid: Option<&[u8]>) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn lookup(&mut self, _name: &str) -> Result<Pid, Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn unregister(&mut self, _name: &str) -> Result<bool, Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn context(&self) -> &Context {
        &self.context
    }

    fn can(&mut self, _action: &str, _resource: &str) -> bool {
        true
    }

    fn print(&mut self, line: &[u8]) {
        self.output.extend_from_slice(line);
        self.output.push(b'\n');
        if self.prints {
            println!("{}", String::from_utf8_lossy(line));
        }
    }

    fn log(&mut self, _record: LogRecord) {}

    fn ask(&mut self, request: Request) -> Result<Fragment, Error> {
        if matches!(request, Request::Metric(_)) {
            return Ok(Fragment::scalar(procession_types::word::TRUE));
        }
        Err(Error::invalid("the test host has no services"))
    }

    fn is_open(&self, _: CallId) -> bool {
        true
    }

    fn expire(&mut self, _: CallId, _: u64) -> Result<(), Error> {
        Err(Error::invalid("the test host limits no calls"))
    }

    fn start(&mut self, _call: Call) -> Result<CallId, Error> {
        Err(Error::new(ErrorKind::Unavailable, "not in this test host"))
    }

    fn is_finished(&self, _id: CallId) -> bool {
        false
    }

    fn finish(&mut self, _id: CallId) -> Option<Result<Fragment, Error>> {
        None
    }

    fn abandon(&mut self, _id: CallId) {}
}
