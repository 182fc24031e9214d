//! The way of a process to the node's services.

use crate::door::Door;
use crate::security::Caller;
use crate::service;
use procession_environment::{Host as _, Request};
use procession_types::{Error, Fragment, Scalar};
use std::sync::Arc;

impl Door<'_> {
    pub(crate) fn ask_service(&mut self, request: Request) -> Result<Fragment, Error> {
        self.check_living()?;
        let shared = Arc::clone(&self.worker.shared);
        if request == Request::Variables {
            let allowed = |name: &str| self.check_on("env.get", name).is_ok();
            return Ok(shared.services.variables.table(allowed));
        }
        if let Some((action, resource, key)) = service::subject(&request) {
            self.check_about(action, resource, key)?;
        }
        let now = self.now();
        shared.services.answer(self.pid, now, request)
    }

    /// A check whose conditions may ask for the key, as `meta.key`.
    fn check_about(&self, action: &str, on: &str, key: Option<&[u8]>) -> Result<(), Error> {
        let Some(key) = key else { return self.check_on(action, on) };
        let shared = &self.worker.shared;
        let Some(context) = self.worker.kernel.context(self.slot) else { return Ok(()) };
        if shared.is_open_to(context) {
            return Ok(());
        }
        let key = Scalar::Text(String::from_utf8_lossy(key).into_owned());
        let more = [("key".to_owned(), key)];
        let caller = Caller { shared, pid: self.pid, more: &more };
        let allowed = shared.decide(context, action, on, &caller).allowed;
        if allowed { Ok(()) } else { Err(Error::denied(action, on)) }
    }
}
