//! Who wants to know of which events. What a subscription matches is put into the mailbox as a
//! message on a topic that no program can send to.

use procession_policy::Pattern;
use procession_types::{Error, Limit, Pid, SmolStr, Topic};
use std::collections::{BTreeMap, HashMap};

/// Bytes of a topic or a pattern; the mailbox's topic is longer by the prefix.
const TOPIC_BYTES_MAX: usize = 240;
/// Patterns with a `*` on the node: each is looked at when something is published.
const WILDCARDS_MAX: usize = 1_000;
/// Processes that one pattern has.
const SUBSCRIBERS_MAX: usize = 10_000;
/// What mailbox topics of subscriptions start with.
const PREFIX: &str = "@events/";

#[derive(Debug)]
struct Wildcard {
    pattern: Pattern,
    subscribers: Vec<Pid>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    exact: HashMap<SmolStr, Vec<Pid>>,
    wildcards: BTreeMap<SmolStr, Wildcard>,
    patterns: HashMap<Pid, Vec<SmolStr>>,
}

/// The mailbox topic of a subscription.
pub(crate) fn mailbox_topic(pattern: &str) -> Topic {
    Topic::new(format!("{PREFIX}{pattern}"))
}

/// Whether a text can be a topic of an event.
pub(crate) fn check_topic(topic: &str) -> Result<(), Error> {
    if topic.is_empty() || topic.len() > TOPIC_BYTES_MAX || topic.contains('*') {
        let shown: String = topic.chars().take(80).collect();
        let message = format!(
            "invalid topic \"{shown}\": a topic of events has 1 to {TOPIC_BYTES_MAX} bytes and no *"
        );
        return Err(Error::invalid(message));
    }
    Ok(())
}

impl Subscriptions {
    pub(crate) fn subscribe(&mut self, pid: Pid, text: &SmolStr) -> Result<(), Error> {
        if text.len() > TOPIC_BYTES_MAX {
            let message = format!("a pattern of events has up to {TOPIC_BYTES_MAX} bytes");
            return Err(Error::invalid(message));
        }
        let pattern = Pattern::parse(text).map_err(|error| Error::invalid(error.to_string()))?;
        if self.patterns.get(&pid).is_some_and(|known| known.contains(text)) {
            return Ok(());
        }
        let subscribers = if let Pattern::Exact(_) = pattern {
            self.exact.entry(text.clone()).or_default()
        } else {
            if !self.wildcards.contains_key(text) && self.wildcards.len() >= WILDCARDS_MAX {
                let message = format!("there are {WILDCARDS_MAX} patterns with * already");
                return Err(Error::limit(Limit::Subscriptions, message));
            }
            let new = || Wildcard { pattern, subscribers: Vec::new() };
            &mut self.wildcards.entry(text.clone()).or_insert_with(new).subscribers
        };
        if subscribers.len() >= SUBSCRIBERS_MAX {
            let message = format!("{SUBSCRIBERS_MAX} processes have subscribed to {text} already");
            return Err(Error::limit(Limit::Subscriptions, message));
        }
        subscribers.push(pid);
        self.patterns.entry(pid).or_default().push(text.clone());
        Ok(())
    }

    pub(crate) fn unsubscribe(&mut self, pid: Pid, text: &SmolStr) -> bool {
        let Some(known) = self.patterns.get_mut(&pid) else { return false };
        let Some(at) = known.iter().position(|pattern| pattern == text) else { return false };
        known.swap_remove(at);
        if known.is_empty() {
            self.patterns.remove(&pid);
        }
        self.remove(pid, text);
        true
    }

    /// Ends all subscriptions of a process, and tells which it had.
    pub(crate) fn forget(&mut self, pid: Pid) -> Vec<SmolStr> {
        let patterns = self.patterns.remove(&pid).unwrap_or_default();
        for text in &patterns {
            self.remove(pid, text);
        }
        patterns
    }

    fn remove(&mut self, pid: Pid, text: &SmolStr) {
        if let Some(subscribers) = self.exact.get_mut(text) {
            subscribers.retain(|subscriber| *subscriber != pid);
            if subscribers.is_empty() {
                self.exact.remove(text);
            }
        } else if let Some(wildcard) = self.wildcards.get_mut(text) {
            wildcard.subscribers.retain(|subscriber| *subscriber != pid);
            if wildcard.subscribers.is_empty() {
                self.wildcards.remove(text);
            }
        }
    }

    /// Who gets an event, by mailbox topic.
    pub(crate) fn receivers(&self, topic: &str) -> Vec<(Topic, Vec<Pid>)> {
        let exact = self.exact.get_key_value(topic);
        let matching = self.wildcards.iter().filter(|(_, held)| held.pattern.matches(topic));
        let wildcards = matching.map(|(text, held)| (text, &held.subscribers));
        exact
            .into_iter()
            .chain(wildcards)
            .map(|(text, subscribers)| (mailbox_topic(text), subscribers.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::ErrorKind;

    fn pid(slot: u32) -> Pid {
        Pid { epoch: 1, shard: 0, host: 0, slot, generation: 1 }
    }

    fn receivers(subscriptions: &Subscriptions, topic: &str) -> Vec<(String, Vec<u32>)> {
        let found = subscriptions.receivers(topic).into_iter();
        found
            .map(|(topic, pids)| (topic.to_string(), pids.iter().map(|p| p.slot).collect()))
            .collect()
    }

    #[test]
    fn patterns_match_and_end() {
        let mut subscriptions = Subscriptions::default();
        for (slot, text) in
            [(1, "a.b"), (2, "a.*"), (3, "*"), (1, "a.*"), (1, "a.b"), (4, "other"), (5, "a.b*")]
        {
            subscriptions.subscribe(pid(slot), &text.into()).unwrap();
        }
        let of = |topic: &str, slots: &[u32]| (format!("@events/{topic}"), slots.to_vec());
        assert_eq!(
            receivers(&subscriptions, "a.b"),
            [of("a.b", &[1]), of("*", &[3]), of("a.*", &[2, 1]), of("a.b*", &[5])]
        );
        assert_eq!(receivers(&subscriptions, "b"), [of("*", &[3])]);
        assert!(subscriptions.unsubscribe(pid(1), &"a.b".into()));
        assert!(!subscriptions.unsubscribe(pid(1), &"a.b".into()));
        assert_eq!(subscriptions.forget(pid(1)), ["a.*"]);
        for slot in [2, 3, 5] {
            subscriptions.forget(pid(slot));
        }
        assert_eq!(receivers(&subscriptions, "a.b"), []);
        assert!(subscriptions.wildcards.is_empty() && subscriptions.patterns.len() == 1);
    }

    #[test]
    fn there_are_limits() {
        let mut subscriptions = Subscriptions::default();
        for slot in 0..SUBSCRIBERS_MAX as u32 {
            subscriptions.subscribe(pid(slot), &"t".into()).unwrap();
        }
        let error = subscriptions.subscribe(pid(u32::MAX), &"t".into()).unwrap_err();
        assert_eq!((error.kind, error.limit), (ErrorKind::Unavailable, Some(Limit::Subscriptions)));
        for number in 0..WILDCARDS_MAX {
            subscriptions.subscribe(pid(1), &format!("{number}.*").into()).unwrap();
        }
        assert!(subscriptions.subscribe(pid(1), &"x.*".into()).is_err());
        assert!(subscriptions.subscribe(pid(2), &"1.*".into()).is_ok());
    }
}
