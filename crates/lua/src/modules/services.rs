//! What the modules `env`, `metrics` and `store` ask of the node.

use crate::library::{Builtin, plain};
use crate::numeric::{as_float, as_integer};
use crate::outgoing::{BUCKETS, LABELS, Outgoing};
use crate::text::number::Number;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::{
    Labels, Measurement, MetricDefinition, MetricKind, MetricRequest, Request, StoreOperation,
    StoreRequest,
};
use procession_types::word::{self, Word};
use procession_types::{Error, SmolStr};

/// Instructions that a request counts for.
const REQUEST_COST: i64 = 50;
/// Bytes that count as one instruction.
const BYTES_PER_FUEL: usize = 64;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("@variable", variable),
    plain("@variables", variables),
    plain("@metric_define", metric_define),
    plain("@metric_record", metric_record),
    plain("@metric_value", metric_value),
    plain("@metric_text", metric_text),
    plain("@store", store),
];

impl Vm<'_> {
    /// Asks a service: its values, or nil and an error.
    pub(super) fn ask(&mut self, args: Args, request: Request) -> Result<Flow, Raise> {
        self.fuel -= REQUEST_COST;
        match self.host.ask(request) {
            Ok(fragment) => {
                let values = self.unpack(&fragment);
                self.give_all(args, &values)
            }
            Err(error) => self.fail(args, &error),
        }
    }

    /// A short text argument, which library code has checked.
    pub(super) fn name_arg(&mut self, args: Args, number: usize) -> Result<SmolStr, Raise> {
        Ok(SmolStr::new(self.utf8_arg(args, number)?))
    }

    fn bytes_arg(&mut self, args: Args, number: usize) -> Result<Vec<u8>, Raise> {
        let value = self.string_arg(args, number)?;
        self.fuel -= (self.strings().length(self.heap, value) / BYTES_PER_FUEL) as i64;
        Ok(self.bytes(value).to_vec())
    }
}

fn variable(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.name_arg(args, 1)?;
    vm.ask(args, Request::Variable { name })
}

fn variables(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.ask(args, Request::Variables)
}

/// `@metric_define(name, kind, help, buckets)`.
fn metric_define(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (name, kind) = (vm.name_arg(args, 1)?, metric_kind(vm, args, 2)?);
    let help = vm.arg(args, 3);
    let help = if help == word::NIL { None } else { Some(vm.utf8_arg(args, 3)?) };
    let buckets = match bounds(vm, args, 4) {
        Ok(buckets) => buckets,
        Err(error) => return vm.fail(args, &error),
    };
    let definition = MetricDefinition { name, kind, help, buckets };
    vm.ask(args, Request::Metric(MetricRequest::Define(definition)))
}

/// The numbers of a list; none without one.
fn bounds(vm: &mut Vm<'_>, args: Args, number: usize) -> Result<Vec<f64>, Error> {
    let list = vm.arg(args, number);
    let mut bounds = Vec::new();
    for (key, value) in Outgoing::new(&BUCKETS).entries(vm, list)? {
        let Some(Number::Int(position)) = vm.number(key) else {
            return Err(Error::invalid("buckets are a list of numbers, without other keys"));
        };
        match vm.number(value).map(as_float) {
            Some(bound) => bounds.push((position, bound)),
            None => return Err(Error::invalid("buckets are numbers")),
        }
    }
    bounds.sort_by_key(|&(position, _)| position);
    if bounds.iter().zip(1..).any(|(&(position, _), wanted)| position != wanted) {
        return Err(Error::invalid(
            "buckets are a list: the keys are 1, 2 and so on, without gaps",
        ));
    }
    Ok(bounds.into_iter().map(|(_, bound)| bound).collect())
}

/// `@metric_record(name, kind, operation, value, labels)`.
fn metric_record(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (name, kind) = (vm.name_arg(args, 1)?, metric_kind(vm, args, 2)?);
    let value = vm.number_arg(args, 4)?;
    let value = as_float(value);
    let measurement = match vm.utf8_arg(args, 3)?.as_str() {
        "set" => Measurement::Set(value),
        "observe" => Measurement::Observe(value),
        _ => Measurement::Add(value),
    };
    match labels(vm, args, 5) {
        Ok(labels) => {
            let request = MetricRequest::Record { name, kind, labels, measurement };
            vm.ask(args, Request::Metric(request))
        }
        Err(error) => vm.fail(args, &error),
    }
}

fn metric_value(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.name_arg(args, 1)?;
    match labels(vm, args, 2) {
        Ok(labels) => vm.ask(args, Request::Metric(MetricRequest::Value { name, labels })),
        Err(error) => vm.fail(args, &error),
    }
}

fn metric_text(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    vm.ask(args, Request::Metric(MetricRequest::Text))
}

fn metric_kind(vm: &mut Vm<'_>, args: Args, number: usize) -> Result<MetricKind, Raise> {
    Ok(match vm.utf8_arg(args, number)?.as_str() {
        "gauge" => MetricKind::Gauge,
        "histogram" => MetricKind::Histogram,
        _ => MetricKind::Counter,
    })
}

/// Labels from a table of texts, sorted by name.
///
/// # Errors
/// `Invalid` when one is no UTF-8: the text form has nothing else.
fn labels(vm: &mut Vm<'_>, args: Args, number: usize) -> Result<Labels, Error> {
    let table = vm.arg(args, number);
    let mut labels = Labels::new();
    let mut outgoing = Outgoing::new(&LABELS);
    for (name, value) in outgoing.entries(vm, table)? {
        let name = String::from_utf8(outgoing.bytes(vm, name)?).map_err(|error| {
            let name = String::from_utf8_lossy(error.as_bytes());
            Error::invalid(format!("label name \"{name}\" is no UTF-8"))
        })?;
        let value = String::from_utf8(outgoing.bytes(vm, value)?)
            .map_err(|_| Error::invalid(format!("value of label \"{name}\" is no UTF-8")))?;
        labels.push((name, value));
    }
    labels.sort();
    Ok(labels)
}

/// `@store(name, is_shared, operation, key, …)`.
fn store(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let store = vm.name_arg(args, 1)?;
    let is_shared = vm.arg(args, 2) == word::TRUE;
    let operation = match vm.utf8_arg(args, 3)?.as_str() {
        "count" => Ok(StoreOperation::Count),
        "clear" => Ok(StoreOperation::Clear),
        operation => {
            let key = vm.bytes_arg(args, 4)?;
            keyed(vm, args, operation, key)
        }
    };
    match operation {
        Ok(operation) => vm.ask(args, Request::Store(StoreRequest { store, is_shared, operation })),
        Err(error) => vm.fail(args, &error),
    }
}

/// Operations on a key: `get`, `entry`, `delete`; `set` and its value and time; `swap`, the version
/// before these; `increment` and a number; `keys` and how many.
fn keyed(
    vm: &mut Vm<'_>,
    args: Args,
    operation: &str,
    key: Vec<u8>,
) -> Result<StoreOperation, Error> {
    let integer = |vm: &mut Vm<'_>, value: Word| {
        vm.number(value).and_then(as_integer).ok_or_else(|| Error::invalid("an integer is missing"))
    };
    Ok(match operation {
        "get" => StoreOperation::Get { key },
        "entry" => StoreOperation::Entry { key },
        "delete" => StoreOperation::Delete { key },
        "keys" => {
            let count = vm.arg(args, 5);
            let count_max = integer(vm, count)?.max(0) as usize;
            StoreOperation::Keys { prefix: key, count_max }
        }
        "increment" => {
            let by = vm.arg(args, 5);
            StoreOperation::Increment { key, by: integer(vm, by)? }
        }
        _ => {
            let (value, ttl) = (vm.arg(args, 5), vm.arg(args, 6));
            let value = vm.payload(&[value], "value")?;
            let ttl_ns =
                if ttl == word::NIL { None } else { Some(integer(vm, ttl)?.max(0) as u64) };
            if operation == "set" {
                StoreOperation::Set { key, value, ttl_ns }
            } else {
                let version = vm.arg(args, 7);
                let version = integer(vm, version)?.max(0) as u64;
                StoreOperation::CompareAndSet { key, version, value, ttl_ns }
            }
        }
    })
}
