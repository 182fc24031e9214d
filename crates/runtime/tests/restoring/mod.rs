//! The Lua environment, but a guest that waits goes on as a copy that was restored from its snapshot:
//! whatever a process knows must be in its heap.

use procession_environment::*;
use procession_lua::LuaEnvironment;
use procession_types::{Error, Fragment, Limits};
use std::sync::Arc;

/// See the module.
pub(crate) struct Restoring(pub(crate) LuaEnvironment);

struct RestoringImage(Arc<dyn Image>);

struct RestoringGuest {
    image: Arc<dyn Image>,
    limits: Limits,
    guest: Box<dyn Guest>,
}

impl Environment for Restoring {
    fn load(&self, program: &Program) -> Result<Arc<dyn Image>, Error> {
        Ok(Arc::new(RestoringImage(self.0.load(program)?)))
    }
}

impl RestoringImage {
    fn guest(&self, guest: Box<dyn Guest>, limits: &Limits) -> Box<dyn Guest> {
        Box::new(RestoringGuest { image: Arc::clone(&self.0), limits: *limits, guest })
    }
}

impl Image for RestoringImage {
    fn spawn(&self, arguments: &Fragment, limits: &Limits) -> Result<Box<dyn Guest>, Error> {
        Ok(self.guest(self.0.spawn(arguments, limits)?, limits))
    }

    fn restore(&self, snapshot: &[u8], limits: &Limits) -> Result<Box<dyn Guest>, Error> {
        Ok(self.guest(self.0.restore(snapshot, limits)?, limits))
    }
}

impl Guest for RestoringGuest {
    fn start(&mut self, host: &mut dyn Host, budget: u64) -> Result<(), Error> {
        self.guest.start(host, budget)
    }

    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn {
        let turn = self.guest.run(host, budget);
        if matches!(turn, Turn::Waiting) {
            let snapshot = self.guest.snapshot().expect("a guest that waits can be captured");
            self.guest = self.image.restore(&snapshot, &self.limits).expect("it can be restored");
        }
        turn
    }

    fn work(&mut self) {
        self.guest.work();
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        self.guest.snapshot()
    }

    fn usage(&self) -> Usage {
        self.guest.usage()
    }

    fn place(&mut self) -> Option<Box<str>> {
        self.guest.place()
    }

    fn receives(&mut self, queue: Option<Queue>) -> bool {
        self.guest.receives(queue)
    }

    fn inspect(&mut self, budget: u64, seen: Seen) -> Inspection {
        self.guest.inspect(budget, seen)
    }
}
