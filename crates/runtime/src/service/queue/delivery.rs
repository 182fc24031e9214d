//! A message on its way: handed out, given back, done, or dead.

use super::{Delivery, Handed, Message, Queues};
use crate::service::schedule::Due;
use procession_environment::CallId;
use procession_types::{Error, Fragment, Pid, SmolStr, word};

impl Queues {
    /// Hands what is ready to those that wait.
    pub(super) fn hand_out(&mut self, name: &SmolStr, out: &mut Vec<Handed>) {
        while let Some(queue) = self.queues.get_mut(name)
            && !queue.ready.is_empty()
            && let Some((pid, call)) = queue.waiting.pop_front()
            && let Some(message) = queue.ready.pop_front()
        {
            let delivery = self.deliver(name, message, pid, Some(call));
            out.push(Handed { pid, call, delivery });
        }
    }

    /// Notes a delivery; what the consumer gets: payload, number of the delivery, attempt.
    pub(super) fn deliver(
        &mut self,
        name: &SmolStr,
        mut message: Message,
        to: Pid,
        call: Option<CallId>,
    ) -> Fragment {
        self.deliveries += 1;
        let delivery = self.deliveries;
        message.attempts += 1;
        let mut words = message.payload.words().to_vec();
        words.push(word::int_wrapping(delivery as i64));
        words.push(word::int_wrapping(i64::from(message.attempts)));
        self.held.entry(to).or_default().push((name.clone(), delivery));
        if let Some(queue) = self.queues.get_mut(name) {
            let overdue = queue.options.ack_timeout_ns.map(|most| {
                let due = Due::Overdue { queue: name.clone(), delivery };
                self.schedule.add(self.now.after(most), due)
            });
            queue.in_flight.insert(delivery, Delivery { message, to, call, overdue });
        }
        Fragment::from_words(words.into(), 3)
    }

    /// Takes a delivery from the process that holds it.
    pub(super) fn take(
        &mut self,
        holder: Pid,
        name: &SmolStr,
        delivery: u64,
    ) -> Result<Message, Error> {
        let queue = self.queues.get_mut(name);
        let found = queue.and_then(|queue| {
            let is_holder = queue.in_flight.get(&delivery).is_some_and(|held| held.to == holder);
            is_holder.then(|| queue.in_flight.remove(&delivery)).flatten()
        });
        let Some(found) = found else {
            let message = format!("delivery {delivery} of queue \"{name}\" is not held any more");
            return Err(Error::not_found(message));
        };
        if let Some(key) = found.overdue {
            self.schedule.remove(key);
        }
        if let Some(call) = found.call {
            self.calls.remove(&(holder, call));
        }
        if let Some(held) = self.held.get_mut(&holder) {
            held.retain(|(_, number)| *number != delivery);
            if held.is_empty() {
                self.held.remove(&holder);
            }
        }
        Ok(found.message)
    }

    /// A message that was not done goes to the front, or to the dead letters.
    pub(super) fn put_back(&mut self, name: &SmolStr, message: Message, out: &mut Vec<Handed>) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        if message.attempts >= queue.options.deliveries_max {
            return self.bury(name, message, out);
        }
        queue.ready.push_front(message);
        self.hand_out(name, out);
    }

    /// A message that nobody can do goes to the dead letters, if there are some.
    pub(super) fn bury(&mut self, name: &SmolStr, message: Message, out: &mut Vec<Handed>) {
        self.forget(name, &message);
        let dead_letter = self.queues.get(name).and_then(|queue| queue.options.dead_letter.clone());
        let kept = dead_letter.is_some_and(|dead_letter| {
            let is_kept = self.publish(&dead_letter, message.payload, 0).is_ok();
            self.hand_out(&dead_letter, out);
            is_kept
        });
        if let Some(queue) = self.queues.get_mut(name) {
            queue.dropped += u64::from(!kept);
        }
    }

    /// A message leaves its queue for good.
    pub(super) fn forget(&mut self, name: &SmolStr, message: &Message) {
        if let Some(queue) = self.queues.get_mut(name) {
            queue.bytes -= message.bytes();
            self.bytes -= message.bytes();
        }
    }
}
