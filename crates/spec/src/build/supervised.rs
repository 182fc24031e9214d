//! Hosts, services, supervisors and pools.

use super::{Builder, labels, value};
use crate::application::{Host, Priority};
use crate::checked::{Checked, Record, Value};
use crate::draft::Entry;
use crate::kinds::PLACE_KEYS;
use crate::report::Problem;
use crate::source::Place;
use procession_types::Limits;
use procession_types::definition::{
    HealthCheck, Intensity, Lifecycle, Monitoring, Pool, PoolSize, Recovery, Restart,
    RestartPolicy, Service, Strategy, SupervisorDefinition,
};

impl Builder<'_> {
    pub(super) fn host(&mut self, entry: &Entry) -> Host {
        let empty = Record::new(PLACE_KEYS);
        let record = entry.own.record("host").unwrap_or(&empty);
        let limits = record.record("limits").map(super::program::limits);
        Host {
            id: entry.id.clone(),
            processes_max: record.small_count("max_processes"),
            priority: match record.text("priority") {
                Some("system") => Priority::System,
                _ => Priority::Normal,
            },
            weight: record.small_count("weight"),
            limits: limits.unwrap_or_default().on_host(&Limits::default()),
            hibernate_after_ns: record.optional_count("hibernate_after"),
            resident_bytes_max: record.optional_count("resident_memory"),
            labels: labels(entry),
        }
    }

    pub(super) fn service(
        &mut self,
        entry: &Entry,
        defaults: Option<&Record>,
        defaults_file: usize,
    ) -> Service {
        let part = Merged {
            own: entry.own.record("monitoring"),
            common: defaults.and_then(|record| record.record("monitoring")),
            files: (entry.place.file, defaults_file),
        };
        let health = self.health_of_service(&part);
        Service {
            id: entry.id.clone(),
            program: text(&entry.own, "process"),
            host: text(&entry.own, "host"),
            arguments: value::list(&entry.own, "arguments"),
            context: value::map(&entry.own, "context"),
            labels: labels(entry),
            lifecycle: Lifecycle { health, ..self.lifecycle(entry) },
        }
    }

    /// A service is asked only when somebody says so: it may compute for as long as it wants.
    fn health_of_service(&mut self, part: &Merged<'_>) -> Option<HealthCheck> {
        part.given("health_check_interval")?;
        let health = self.health(part);
        (health.interval_ns > 0).then_some(health)
    }

    pub(super) fn supervisor(&mut self, entry: &Entry) -> SupervisorDefinition {
        let strategy = match entry.own.text("strategy") {
            Some("one_for_all") => Strategy::OneForAll,
            Some("rest_for_one") => Strategy::RestForOne,
            _ => Strategy::OneForOne,
        };
        let intensity = entry.own.record("intensity").map(|record| Intensity {
            restarts: record.small_count("restarts"),
            within_ns: record.count("within"),
        });
        SupervisorDefinition {
            id: entry.id.clone(),
            strategy,
            intensity: intensity.unwrap_or_default(),
            children: entry.own.texts("children"),
            labels: labels(entry),
            lifecycle: self.lifecycle(entry),
        }
    }

    pub(super) fn pool(
        &mut self,
        entry: &Entry,
        defaults: Option<&Record>,
        defaults_file: usize,
    ) -> Pool {
        let part = |name| Merged {
            own: entry.own.record(name),
            common: defaults.and_then(|record| record.record(name)),
            files: (entry.place.file, defaults_file),
        };
        let size = part("pool");
        self.in_order(&size, "min_size", "max_size");
        Pool {
            id: entry.id.clone(),
            program: text(&entry.own, "process"),
            host: text(&entry.own, "host"),
            arguments: value::list(&entry.own, "arguments"),
            context: value::map(&entry.own, "context"),
            labels: labels(entry),
            size: PoolSize {
                min_size: size.small_count("min_size"),
                max_size: size.small_count("max_size"),
                idle_timeout_ns: size.count("idle_timeout"),
            },
            queue_max: size.small_count("queue_max"),
            monitoring: self.monitoring(&part("monitoring")),
            recovery: recovery(&part("recovery")),
            lifecycle: self.lifecycle(entry),
        }
    }

    fn monitoring(&mut self, part: &Merged<'_>) -> Monitoring {
        let HealthCheck { interval_ns, timeout_ns } = self.health(part);
        Monitoring {
            health_check_interval_ns: interval_ns,
            health_check_timeout_ns: timeout_ns,
            metrics_collection: part.is("metrics_collection"),
            alerting: part.is("alerting"),
            webhook: part.text("webhook"),
        }
    }

    fn health(&mut self, part: &Merged<'_>) -> HealthCheck {
        let interval = part.count("health_check_interval");
        let mut timeout = part.count("health_check_timeout");
        if interval > 0 && timeout > interval {
            match part.given("health_check_timeout") {
                Some((checked, file)) => {
                    let message = "a health check that may take longer than the time to the next";
                    let help = "whoever is asked has to answer before it is asked again";
                    self.wrong(file, checked.span, message.to_owned(), Some(help));
                }
                None => timeout = interval,
            }
        }
        HealthCheck { interval_ns: interval, timeout_ns: timeout }
    }

    fn lifecycle(&mut self, entry: &Entry) -> Lifecycle {
        let Some(record) = entry.own.record("lifecycle") else { return Lifecycle::default() };
        Lifecycle {
            auto_start: record.is("auto_start"),
            start_timeout_ns: record.count("start_timeout"),
            stop_timeout_ns: record.count("stop_timeout"),
            requires: record.texts("requires"),
            restart: self.restart(entry, record.record("restart")),
            health: None,
            security: self.principal(entry, record.record("security")),
        }
    }

    fn restart(&mut self, entry: &Entry, record: Option<&Record>) -> Restart {
        let Some(record) = record else { return Restart::default() };
        let file = entry.place.file;
        let part = Merged { own: Some(record), common: None, files: (file, file) };
        self.in_order(&part, "initial_delay", "max_delay");
        Restart {
            policy: match record.text("policy") {
                Some("transient") => RestartPolicy::Transient,
                Some("temporary") => RestartPolicy::Temporary,
                _ => RestartPolicy::Permanent,
            },
            initial_delay_ns: record.count("initial_delay"),
            max_delay_ns: record.count("max_delay"),
            backoff_factor: record.number("backoff_factor"),
            jitter: record.number("jitter"),
            max_attempts: record
                .optional_count("max_attempts")
                .map(|attempts| u32::try_from(attempts).unwrap_or(u32::MAX)),
            stable_threshold_ns: record.count("stable_threshold"),
        }
    }

    /// Reports a least that is more than the most, where the text says one of them.
    fn in_order(&mut self, part: &Merged<'_>, least: &str, most: &str) {
        let (Some(low), Some(high)) = (part.optional_count(least), part.optional_count(most))
        else {
            return;
        };
        let given = part.given(least).or_else(|| part.given(most));
        if let (true, Some((checked, file))) = (low > high, given) {
            let mut problem = Problem::error(
                Place { file, span: checked.span },
                format!("{least} is more than {most}"),
            );
            let default = |name: &str| {
                let text = part.source(name).and_then(|record| record.default(name));
                format!("{name} is {} by default", text.unwrap_or_default())
            };
            match (part.given(least), part.given(most)) {
                (Some(_), Some((most, file))) => {
                    problem = problem.note(Place { file, span: most.span }, "the most");
                }
                (Some(_), None) => problem = problem.help(default(most)),
                (None, _) => problem = problem.help(default(least)),
            }
            self.problems.push(problem);
        }
    }
}

fn recovery(part: &Merged<'_>) -> Recovery {
    Recovery {
        auto_restart: part.is("auto_restart"),
        max_restarts: part.small_count("max_restarts"),
        restart_delay_ns: part.count("restart_delay"),
        redeliveries_max: part.small_count("redeliveries_max"),
        dead_letter: part.text("dead_letter"),
    }
}

fn text(record: &Record, name: &str) -> String {
    record.text(name).unwrap_or_default().to_owned()
}

/// A part of a pool: its own keys, and those of `process_management` for what it does not say.
struct Merged<'a> {
    own: Option<&'a Record>,
    common: Option<&'a Record>,
    /// The files of both.
    files: (usize, usize),
}

impl<'a> Merged<'a> {
    /// The record that says it.
    fn source(&self, name: &str) -> Option<&'a Record> {
        self.own.filter(|own| own.given(name).is_some()).or(self.common).or(self.own)
    }

    /// The value that a text says, with its file.
    fn given(&self, name: &str) -> Option<(&'a Checked, usize)> {
        let own = self.own.and_then(|own| own.given(name)).map(|checked| (checked, self.files.0));
        let common = || Some((self.common?.given(name)?, self.files.1));
        own.or_else(common)
    }

    fn optional_count(&self, name: &str) -> Option<u64> {
        self.source(name)?.optional_count(name)
    }

    fn count(&self, name: &str) -> u64 {
        self.optional_count(name).unwrap_or_default()
    }

    fn small_count(&self, name: &str) -> u32 {
        u32::try_from(self.count(name)).unwrap_or(u32::MAX)
    }

    fn is(&self, name: &str) -> bool {
        self.source(name).is_some_and(|record| record.is(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        match &self.source(name)?.get(name)?.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}
