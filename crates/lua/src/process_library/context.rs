//! What a process inherits and hands on: values, actor and scope; and what it may do with them.

use crate::library::class;
use crate::outgoing::{ATTRIBUTES, CONTEXT, Outgoing, POLICIES};
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};
use procession_types::{Actor, ContextChange, Error, Scalar, Scope};

/// Lists in lists of an attribute.
const DEPTH_MAX: usize = 4;
/// Bytes that a value of an attribute counts for, beside its text.
const SCALAR_BYTES: usize = 32;

/// The change of context that a spawner holds: values, actor, scope.
pub(crate) fn context_change(vm: &mut Vm<'_>, parts: [Word; 3]) -> Result<ContextChange, Error> {
    let [values, actor, scope] = parts;
    let mut change = ContextChange::default();
    if vm.type_text(values) == "table" {
        let mut outgoing = Outgoing::new(&CONTEXT);
        for (key, value) in outgoing.entries(vm, values)? {
            let name = outgoing.text(vm, key)?;
            let payload = outgoing.payload(vm, &[value], &format!("context.{name}"))?;
            change.values.insert(name, payload);
        }
    }
    if crate::library::is_class(vm, actor, class::ACTOR) {
        let at = word::index(actor) as usize;
        let (id, meta) = (vm.heap.get(at + 1), vm.heap.get(at + 2));
        let mut outgoing = Outgoing::new(&ATTRIBUTES);
        let meta = attributes(vm, meta, &mut outgoing)?.into_iter().collect();
        change.actor = Some(Actor { id: outgoing.text(vm, id)?, meta });
    }
    if crate::library::is_class(vm, scope, class::SCOPE) {
        let list = vm.heap.get(word::index(scope) as usize + 1);
        let mut outgoing = Outgoing::new(&POLICIES);
        let list = outgoing.entries(vm, list)?;
        let policies = list.into_iter().map(|(_, policy)| outgoing.text(vm, policy));
        change.scope = Some(Scope { policies: policies.collect::<Result<_, Error>>()? });
    }
    Ok(change)
}

/// A plain value for an actor's attributes; lists down to `depth`.
fn scalar(
    vm: &mut Vm<'_>,
    value: Word,
    depth: usize,
    outgoing: &mut Outgoing,
) -> Result<Option<Scalar>, Error> {
    use crate::text::number::Number;
    outgoing.take(vm, SCALAR_BYTES)?;
    match (value, vm.number(value)) {
        (word::TRUE, _) => return Ok(Some(Scalar::Bool(true))),
        (word::FALSE, _) => return Ok(Some(Scalar::Bool(false))),
        (_, Some(Number::Int(value))) => return Ok(Some(Scalar::Int(value))),
        (_, Some(Number::Float(value))) => return Ok(Some(Scalar::Float(value))),
        _ => {}
    }
    if is_string(value) {
        return Ok(Some(Scalar::Text(outgoing.text(vm, value)?)));
    }
    if vm.type_text(value) == "table" && depth > 0 {
        let mut items = Vec::new();
        for (_, item) in outgoing.entries(vm, value)? {
            items.extend(scalar(vm, item, depth - 1, outgoing)?);
        }
        return Ok(Some(Scalar::List(items)));
    }
    Ok(None)
}

pub(super) fn check(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (action, resource) = (vm.utf8_arg(args, 1)?, vm.utf8_arg(args, 2)?);
    let done = vm.host.check(&action, &resource);
    vm.give_done(args, done)
}

/// `@can(action, resource, meta)`: whether it is allowed, or nil and an error.
pub(super) fn can(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (action, resource) = (vm.utf8_arg(args, 1)?, vm.utf8_arg(args, 2)?);
    let meta = vm.arg(args, 3);
    match attributes(vm, meta, &mut Outgoing::new(&ATTRIBUTES)) {
        Ok(attributes) => {
            let allowed = vm.host.can_with(&action, &resource, &attributes);
            vm.give(args, word::from_bool(allowed))
        }
        Err(error) => vm.fail(args, &error),
    }
}

/// The plain values of a table by name; anything else has none.
fn attributes(
    vm: &mut Vm<'_>,
    table: Word,
    outgoing: &mut Outgoing,
) -> Result<Vec<(String, Scalar)>, Error> {
    let mut found = Vec::new();
    if vm.type_text(table) == "table" {
        for (key, value) in outgoing.entries(vm, table)? {
            if let Some(scalar) = scalar(vm, value, DEPTH_MAX, outgoing)? {
                found.push((outgoing.text(vm, key)?, scalar));
            }
        }
    }
    Ok(found)
}

pub(super) fn context_get(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let name = vm.utf8_arg(args, 1)?;
    let Some(fragment) = vm.host.context().values.get(&name).cloned() else {
        let error = Error::not_found(format!("context has no value \"{name}\""));
        return vm.fail(args, &error);
    };
    let value = vm.unpack(&fragment).first().copied().unwrap_or(word::NIL);
    vm.give(args, value)
}

pub(super) fn context_all(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let values = vm.host.context().values.clone();
    let at = vm.heap.table(0, values.len());
    for (name, fragment) in &values {
        let key = vm.heap.string(name.as_bytes());
        let value = vm.unpack(fragment).first().copied().unwrap_or(word::NIL);
        vm.heap.set_hashed(vm.strings(), at, key, value);
    }
    vm.give(args, word::make(word::TAG_TABLE, 0, at as u32))
}

pub(super) fn actor(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(actor) = vm.host.actor().cloned() else { return vm.give(args, word::NIL) };
    let id = vm.heap.string(actor.id.as_bytes());
    let at = vm.heap.table(0, actor.meta.len());
    for (name, value) in &actor.meta {
        let key = vm.heap.string(name.as_bytes());
        let value = scalar_word(vm, value);
        vm.heap.set_hashed(vm.strings(), at, key, value);
    }
    let meta = word::make(word::TAG_TABLE, 0, at as u32);
    let object = vm.heap.user(class::ACTOR, &[id, meta]);
    vm.give(args, object)
}

fn scalar_word(vm: &mut Vm<'_>, value: &Scalar) -> Word {
    match value {
        Scalar::Bool(value) => word::from_bool(*value),
        Scalar::Int(value) => vm.heap.integer(*value),
        Scalar::Float(value) => word::from_f64(*value),
        Scalar::Text(text) => vm.heap.string(text.as_bytes()),
        Scalar::List(items) => {
            let at = vm.heap.table(items.len(), 0);
            for (position, item) in items.iter().enumerate() {
                let item = scalar_word(vm, item);
                vm.heap.set_int(vm.strings(), at, position as i64 + 1, item);
            }
            word::make(word::TAG_TABLE, 0, at as u32)
        }
    }
}

pub(super) fn scope(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let Some(scope) = vm.host.context().scope.clone() else { return vm.give(args, word::NIL) };
    let at = vm.heap.table(scope.policies.len(), 0);
    for (position, policy) in scope.policies.iter().enumerate() {
        let policy = vm.heap.string(policy.as_bytes());
        vm.heap.set_int(vm.strings(), at, position as i64 + 1, policy);
    }
    let list = word::make(word::TAG_TABLE, 0, at as u32);
    let object = vm.heap.user(class::SCOPE, &[list]);
    vm.give(args, object)
}
