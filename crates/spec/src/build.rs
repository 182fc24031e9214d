//! From checked entries to definitions, with the checks that concern several keys or entries.

mod import;
mod program;
mod security;
mod supervised;
mod value;

use crate::application::{Application, Payload};
use crate::checked::{Checked, Record, Value};
use crate::draft::{Draft, Entry};
use crate::files::Files;
use crate::report::Problem;
use crate::source::{Place, Span};
use crate::{Mode, Options, Severity};
use procession_types::Scalar;
use std::collections::BTreeMap;

pub(crate) use security::policy;

/// What the files declare as definitions. Whole only if nothing is reported.
pub(crate) fn application(
    draft: &mut Draft,
    files: &dyn Files,
    options: &Options<'_>,
) -> Application {
    let mut builder =
        Builder { application: Application::default(), problems: Vec::new(), options };
    if let Some(record) = &draft.application {
        builder.top_level(record);
    }
    for (id, (_, policies)) in &draft.groups {
        let ids = policies.iter().filter_map(id_of).map(str::to_owned).collect();
        builder.application.groups.insert(id.clone(), ids);
    }
    let defaults =
        draft.application.as_ref().and_then(|record| record.record("process_management"));
    for entry in &draft.entries {
        builder.entry(entry, defaults, draft.application_file);
    }
    builder.programs(draft, files);
    let Builder { application, problems, .. } = builder;
    problems.into_iter().for_each(|problem| draft.report.add(problem));
    application
}

/// Collects definitions and problems.
struct Builder<'a> {
    application: Application,
    problems: Vec<Problem>,
    options: &'a Options<'a>,
}

impl Builder<'_> {
    fn top_level(&mut self, record: &Record) {
        let application = &mut self.application;
        if record.record("lua").and_then(|lua| lua.text("payload")) == Some("wrapped") {
            application.payload = Payload::Wrapped;
        }
        application.strict =
            record.record("security").and_then(|security| security.optional_bool("strict"));
        for (named, value) in record.map("variables") {
            if let Value::Text(text) = &value.value {
                application.variables.insert(named.name.clone(), text.clone());
            }
        }
        for checked in record.list("grants") {
            if let Value::Grant(grant) = &checked.value {
                application.grants.push(grant.clone());
            }
        }
    }

    /// Everything but programs, which need what others declare.
    fn entry(&mut self, entry: &Entry, defaults: Option<&Record>, defaults_file: usize) {
        let id = entry.id.clone();
        match entry.kind.name {
            "process.host" => {
                let host = self.host(entry);
                self.application.hosts.insert(id, host);
            }
            "process.service" => {
                let service = self.service(entry, defaults, defaults_file);
                self.application.services.insert(id, service);
            }
            "process.supervisor" => {
                let supervisor = self.supervisor(entry);
                self.application.supervisors.insert(id, supervisor);
            }
            "process.pool" => {
                let pool = self.pool(entry, defaults, defaults_file);
                self.application.pools.insert(id, pool);
            }
            "security.policy" => {
                let mut report =
                    |place, message| self.problems.push(Problem::error(place, message));
                if let Some(policy) = policy(entry, &mut report) {
                    self.application.policies.insert(id, policy);
                }
            }
            _ => {}
        }
    }

    fn wrong(&mut self, file: usize, span: Span, message: String, help: Option<&str>) {
        let mut problem = Problem::error(Place { file, span }, message);
        problem.help = help.map(str::to_owned);
        self.problems.push(problem);
    }

    /// Reports what this build can't do yet.
    fn unsupported(&mut self, file: usize, span: Span, message: &str, help: &str) {
        let mut problem = Problem::error(Place { file, span }, message).help(help);
        if self.options.mode == Mode::Lenient {
            problem.severity = Severity::Warning;
        }
        self.problems.push(problem);
    }
}

/// The id that a value is.
fn id_of(checked: &Checked) -> Option<&str> {
    match &checked.value {
        Value::Id(id) => Some(id),
        _ => None,
    }
}

/// The single values of an entry's `meta`, as texts.
fn labels(entry: &Entry) -> BTreeMap<String, String> {
    let pairs = entry.common.map("meta").iter().filter_map(|(named, value)| {
        let Value::Scalar(scalar) = &value.value else { return None };
        let text = match scalar {
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            Scalar::Float(value) => value.to_string(),
            Scalar::Text(text) => text.clone(),
            Scalar::List(_) => return None,
        };
        Some((named.name.clone(), text))
    });
    pairs.collect()
}

/// The values of a mapping from names to plain values.
fn scalars(record: &Record, name: &str) -> BTreeMap<String, Scalar> {
    let pairs = record.map(name).iter().filter_map(|(named, value)| match &value.value {
        Value::Scalar(scalar) => Some((named.name.clone(), scalar.clone())),
        _ => None,
    });
    pairs.collect()
}
