//! The host of a preparation: it notices when a program's top level asks for anything.

use procession_environment::{
    Call, CallId, CancelRequest, Host, LogRecord, Options, Queue, Relation, Request, SpawnRequest,
};
use procession_types::{Context, Error, Event, Fragment, Message, Pid, Timestamp, Topic};
use std::cell::Cell;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct PureHost {
    touched: bool,
    looked: Cell<bool>,
    context: Context,
}

impl PureHost {
    /// Whether anything was asked for.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched || self.looked.get()
    }

    fn refuse<T>(&mut self) -> Result<T, Error> {
        self.touched = true;
        Err(Error::invalid("not available while a program is prepared"))
    }
}

const NOBODY: Pid = Pid { host: 0, shard: 0, epoch: 0, slot: 0, generation: 0 };

impl Host for PureHost {
    fn pid(&self) -> Pid {
        self.looked.set(true);
        NOBODY
    }

    fn program(&self) -> &str {
        self.looked.set(true);
        ""
    }

    fn write_pid(&self, _pid: Pid, _out: &mut Vec<u8>) {
        self.looked.set(true);
    }

    fn now(&mut self) -> Timestamp {
        self.touched = true;
        Timestamp(0)
    }

    fn random(&mut self) -> u64 {
        self.touched = true;
        0
    }

    fn send(&mut self, _to: &[u8], _topic: Topic, _payload: Fragment) -> Result<(), Error> {
        self.refuse()
    }

    fn receive(&mut self, _queue: Queue) -> Option<Box<Message>> {
        self.touched = true;
        None
    }

    fn has_message(&self, _queue: Queue) -> bool {
        self.looked.set(true);
        false
    }

    fn receive_event(&mut self) -> Option<Event> {
        self.touched = true;
        None
    }

    fn has_event(&self) -> bool {
        self.looked.set(true);
        false
    }

    fn listen(&mut self, _topic: &Topic) -> Result<Queue, Error> {
        self.refuse()
    }

    fn unlisten(&mut self, _queue: Queue) {
        self.touched = true;
    }

    fn spawn(&mut self, _request: SpawnRequest) -> Result<Pid, Error> {
        self.refuse()
    }

    fn terminate(&mut self, _to: &[u8]) -> Result<(), Error> {
        self.refuse()
    }

    fn cancel(&mut self, _to: &[u8], _request: CancelRequest) -> Result<(), Error> {
        self.refuse()
    }

    fn relate(&mut self, _relation: Relation, _to: &[u8]) -> Result<(), Error> {
        self.refuse()
    }

    fn options(&self) -> Options {
        self.looked.set(true);
        Options::default()
    }

    fn set_options(&mut self, _options: Options) {
        self.touched = true;
    }

    fn upgrade(&mut self, _program: Option<&str>, _arguments: Fragment) -> Result<(), Error> {
        self.refuse()
    }

    fn register(&mut self, _name: &str, _pid: Option<&[u8]>) -> Result<(), Error> {
        self.refuse()
    }

    fn lookup(&mut self, _name: &str) -> Result<Pid, Error> {
        self.refuse()
    }

    fn unregister(&mut self, _name: &str) -> Result<bool, Error> {
        self.refuse()
    }

    fn context(&self) -> &Context {
        self.looked.set(true);
        &self.context
    }

    fn can(&mut self, _action: &str, _resource: &str) -> bool {
        self.touched = true;
        false
    }

    fn print(&mut self, _line: &[u8]) {
        self.touched = true;
    }

    fn log(&mut self, _record: LogRecord) {
        self.touched = true;
    }

    fn ask(&mut self, _request: Request) -> Result<Fragment, Error> {
        self.refuse()
    }

    fn start(&mut self, _call: Call) -> Result<CallId, Error> {
        self.refuse()
    }

    fn is_open(&self, _id: CallId) -> bool {
        self.looked.set(true);
        false
    }

    fn expire(&mut self, _id: CallId, _nanoseconds: u64) -> Result<(), Error> {
        self.refuse()
    }

    fn is_finished(&self, _id: CallId) -> bool {
        self.looked.set(true);
        false
    }

    fn finish(&mut self, _id: CallId) -> Option<Result<Fragment, Error>> {
        self.touched = true;
        None
    }

    fn abandon(&mut self, _id: CallId) {
        self.touched = true;
    }
}
