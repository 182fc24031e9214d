//! The way of a process to the node's services.

use crate::door::Door;
use crate::mail::Mail;
use crate::security::Caller;
use crate::service::{self, subscriptions};
use crate::web;
use procession_environment::{CallId, Host as _, HttpRequest, Request};
use procession_types::{Error, Fragment, FragmentBuilder, Limit, Message, Scalar, SmolStr, word};
use std::sync::Arc;

impl Door<'_> {
    pub(crate) fn ask_service(&mut self, request: Request) -> Result<Fragment, Error> {
        self.check_living()?;
        let shared = Arc::clone(&self.worker.shared);
        if request == Request::Variables {
            let allowed = |name: &str| self.check_on("env.get", name).is_ok();
            return Ok(shared.services.variables().table(allowed));
        }
        if let Some((action, resource, key)) = service::subject(&request) {
            self.check_about(action, resource, key)?;
        }
        match request {
            Request::Publish { topic, payload } => self.publish(&topic, &payload),
            Request::Subscribe { pattern } => self.subscribe(pattern),
            request => {
                let now = self.now();
                let mut handed = Vec::new();
                let result = shared.services.answer(self.pid, now, request, &mut handed);
                shared.hand(handed);
                result
            }
        }
    }

    /// Puts an event into every mailbox that wants it; full ones miss it.
    fn publish(&mut self, topic: &str, payload: &Fragment) -> Result<Fragment, Error> {
        subscriptions::check_topic(topic)?;
        let definition = self.worker.kernel.definition(self.slot);
        let most = definition.map_or(0, |definition| definition.limits.message_bytes_max);
        if payload.bytes() as u64 > most {
            return Err(Error::limit(Limit::MessageSize, "message too large"));
        }
        let mut count = 0;
        for (topic, subscribers) in self.worker.shared.services.receivers(topic) {
            for pid in subscribers {
                let (topic, payload) = (topic.clone(), payload.clone());
                let message = Message { topic, from: Some(self.pid), payload };
                let slot = self.slot;
                let posted = self.worker.step(|kernel, cx| kernel.post_by(cx, slot, pid, message));
                count += i64::from(posted.is_ok());
            }
        }
        self.worker.sends += 1;
        Ok(FragmentBuilder::new().finish(&[word::int_wrapping(count)]))
    }

    /// The number of the mailbox queue that a subscription fills.
    fn subscribe(&mut self, pattern: SmolStr) -> Result<Fragment, Error> {
        let slot = self.slot;
        let topic = subscriptions::mailbox_topic(&pattern);
        let known = self.worker.kernel.has_listener(slot, &topic);
        let queue = self.worker.kernel.listen(slot, &topic)?;
        let now = self.now();
        let shared = Arc::clone(&self.worker.shared);
        let request = Request::Subscribe { pattern };
        // Nobody's call is answered by a subscription.
        if let Err(error) = shared.services.answer(self.pid, now, request, &mut Vec::new()) {
            if !known {
                self.worker.kernel.unlisten(slot, queue);
            }
            return Err(error);
        }
        Ok(FragmentBuilder::new().finish(&[word::int_wrapping(i64::from(queue.0))]))
    }

    /// Starts a request to another machine.
    pub(crate) fn start_http(&mut self, request: HttpRequest) -> Result<CallId, Error> {
        let request = self.checked(request)?;
        let call = self.open_driver_call()?;
        self.launched(call, |door| door.launch_checked(call, request))
    }

    /// Likewise, for a call that is open already.
    pub(crate) fn launch_http(
        &mut self,
        call: CallId,
        request: HttpRequest,
        key: Option<String>,
    ) -> Result<(), Error> {
        let mut request = self.checked(request)?;
        if let Some(key) = key {
            request.set_key(key);
        }
        self.launch_checked(call, request)
    }

    fn checked(&self, request: HttpRequest) -> Result<web::Checked, Error> {
        let request = web::Checked::new(request)?;
        self.check_on("http.request", &request.target().resource())?;
        // What a part of the runtime asks for is in the definitions of whoever runs the node.
        if !self.is_built_in() {
            request.target().check(&self.worker.shared.web_grants())?;
        }
        Ok(request)
    }

    fn launch_checked(&mut self, call: CallId, request: web::Checked) -> Result<(), Error> {
        let shared = Arc::clone(&self.worker.shared);
        let (pid, call) = (self.pid, procession_kernel::CallId(call.0));
        let context = self.worker.kernel.context(self.slot).map(Arc::clone).unwrap_or_default();
        let bytes = request.bytes();
        let job = Box::new({
            let shared = Arc::clone(&shared);
            move || {
                let allowed = |next: &web::Target| {
                    let resource = next.resource();
                    next.check(&shared.web_grants()).is_ok()
                        && shared.allows(&context, pid, "http.request", &resource)
                };
                let result = request.perform(&shared.web_client, allowed);
                if let Some(inbox) = shared.inbox(pid.shard) {
                    inbox.push(Mail::Reply { pid, call, result });
                }
            }
        });
        shared.net.submit((pid, call), bytes, job)
    }

    /// Starts a call that takes a message from a queue.
    pub(crate) fn start_consume(&mut self, queue: &SmolStr) -> Result<CallId, Error> {
        self.check_on("queue.consume", queue)?;
        let call = self.open_driver_call()?;
        self.launched(call, |door| door.launch_consume(call, queue))
    }

    pub(crate) fn launch_consume(&mut self, id: CallId, queue: &SmolStr) -> Result<(), Error> {
        let shared = Arc::clone(&self.worker.shared);
        let now = self.now();
        if let Some(delivery) = shared.services.consume(self.pid, now, id, queue)? {
            // Now, so that no time-out can come before it.
            let (slot, call) = (self.slot, procession_kernel::CallId(id.0));
            self.worker.step(|kernel, cx| kernel.answer(cx, slot, call, Ok(delivery)));
        }
        Ok(())
    }

    /// A check whose conditions may ask for the key, as `meta.key`.
    fn check_about(&self, action: &str, on: &str, key: Option<&[u8]>) -> Result<(), Error> {
        let Some(key) = key else { return self.check_on(action, on) };
        let shared = &self.worker.shared;
        let Some(context) = self.worker.kernel.context(self.slot) else { return Ok(()) };
        if shared.is_open_to(context) || self.is_built_in() {
            return Ok(());
        }
        let key = Scalar::Text(String::from_utf8_lossy(key).into_owned());
        let more = [("key".to_owned(), key)];
        let caller = Caller { shared, pid: self.pid, more: &more };
        let allowed = shared.decide(context, action, on, &caller).allowed;
        if allowed { Ok(()) } else { Err(Error::denied(action, on)) }
    }
}
