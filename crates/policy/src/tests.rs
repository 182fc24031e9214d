//! Tables of decisions, and loops over generated policies.

use crate::*;
use procession_types::{Actor, Context, Scalar, Scope};
use std::collections::BTreeMap;

fn actor() -> Actor {
    let meta = BTreeMap::from([
        ("team".to_owned(), Scalar::Text("core".into())),
        ("level".to_owned(), Scalar::Int(5)),
        ("load".to_owned(), Scalar::Float(0.5)),
        ("admin".to_owned(), Scalar::Bool(true)),
        ("roles".to_owned(), Scalar::List(vec![Scalar::Text("ops".into()), Scalar::Int(7)])),
        ("home".to_owned(), Scalar::Text("app.workers:a".into())),
        ("broken".to_owned(), Scalar::Text("(".into())),
        ("any".to_owned(), Scalar::Text("^app\\.".into())),
    ]);
    Actor { id: "user:ada".into(), meta }
}

fn scope(ids: &[&str]) -> Scope {
    Scope { policies: ids.iter().map(|&id| id.to_owned()).collect() }
}

fn policy(id: &str, effect: Effect, action: &str, resource: &str) -> Policy {
    Policy {
        id: id.into(),
        effect,
        actions: vec![Pattern::parse(action).unwrap()],
        resources: vec![Pattern::parse(resource).unwrap()],
        conditions: Vec::new(),
    }
}

fn set(policies: &[Policy]) -> Policies {
    let mut set = Policies::new(Unidentified::Allow);
    for policy in policies {
        assert!(set.insert(policy.clone()).is_none());
    }
    set
}

#[test]
fn many_policies_are_found_as_few_are() {
    let id = |number: usize| format!("a:policy-{number:03}");
    let mut set = Policies::new(Unidentified::Allow);
    for number in (0..200).rev() {
        let resource = format!("app:{number}");
        assert_eq!(set.insert(policy(&id(number), Effect::Allow, "fs.read", &resource)), None);
        assert_eq!(set.get(&id(number)).unwrap().id, id(number));
        assert_eq!(set.get("a:gone"), None);
    }
    let ids: Vec<String> = set.iter().map(|policy| policy.id.clone()).collect();
    assert!(ids.is_sorted() && ids.len() == 200);
    let (actor, scope) = (actor(), Scope { policies: ids });
    let allows = |set: &Policies, resource: &str| {
        let (actor, scope) = (Some(&actor), Some(&scope));
        set.decide(&Check { actor, scope, action: "fs.read", resource, attributes: &() }).allowed
    };
    assert!(allows(&set, "app:0") && allows(&set, "app:199") && !allows(&set, "app:200"));
    // One that takes the place of another is the one that counts, and one that is gone is unknown.
    let replaced = set.insert(policy(&id(7), Effect::Deny, "fs.read", "*")).unwrap();
    assert_eq!(replaced.effect, Effect::Allow);
    assert!(!allows(&set, "app:0"));
    for number in 0..200 {
        assert_eq!(set.remove(&id(number)).unwrap().id, id(number));
        assert_eq!(set.get(&id(number)), None);
        assert_eq!(set.remove(&id(number)), None);
    }
    assert!(!allows(&set, "app:199"));
}

#[test]
fn deny_wins_then_allow_then_no() {
    let set = set(&[
        policy("a:allow", Effect::Allow, "process.*", "*"),
        policy("a:deny", Effect::Deny, "process.terminate", "*"),
    ]);
    let actor = actor();
    for (ids, action, allowed, decided_by, reason) in [
        (&["a:allow"][..], "process.send", true, Some("a:allow"), "allowed by policy a:allow"),
        (&["a:allow"], "fs.read", false, None, "no policy of the scope allows it"),
        (&["a:allow", "a:deny"], "process.terminate", false, Some("a:deny"), "denied by policy"),
        (&["a:deny", "a:allow"], "process.terminate", false, Some("a:deny"), "denied by policy"),
        (&["a:allow", "a:deny"], "process.send", true, Some("a:allow"), "no policy denies it"),
        (&["a:deny"], "process.send", false, None, "no policy"),
        (&[], "process.send", false, None, "no policy"),
        (&["a:allow", "a:gone"], "process.send", false, None, "a:gone, which does not exist"),
        (&["a:gone", "a:deny"], "process.terminate", false, Some("a:deny"), "denied by policy"),
    ] {
        let scope = scope(ids);
        let check = Check {
            actor: Some(&actor),
            scope: Some(&scope),
            action,
            resource: "x",
            attributes: &(),
        };
        let decision = set.decide(&check);
        assert_eq!(
            (decision.allowed, decision.decided_by),
            (allowed, decided_by),
            "{ids:?} {action}"
        );
        assert!(decision.reason.to_string().contains(reason), "{} / {reason}", decision.reason);
    }
}

#[test]
fn without_actor_or_scope_the_node_decides() {
    let (actor, scope) = (actor(), scope(&["a:deny"]));
    let deny = policy("a:deny", Effect::Deny, "*", "*");
    for (who, unidentified, allowed) in [
        ((None, None), Unidentified::Allow, true),
        ((None, Some(&scope)), Unidentified::Allow, true),
        ((Some(&actor), None), Unidentified::Allow, true),
        ((Some(&actor), Some(&scope)), Unidentified::Allow, false),
        ((None, None), Unidentified::Deny, false),
        ((None, Some(&scope)), Unidentified::Deny, false),
        ((Some(&actor), None), Unidentified::Deny, false),
    ] {
        let mut set = Policies::new(unidentified);
        set.insert(deny.clone());
        let check =
            Check { actor: who.0, scope: who.1, action: "a", resource: "b", attributes: &() };
        assert_eq!(set.decide(&check).allowed, allowed, "{who:?} {unidentified:?}");
        let (actor, scope) = (who.0.cloned(), who.1.cloned());
        let context = Context { values: BTreeMap::new(), actor, scope };
        assert_eq!(set.is_open_to(&context), allowed, "{who:?} {unidentified:?}");
    }
}

/// A condition in the form `field operator value-or-field`.
fn holds(field: &str, operator: &str, operand: Operand) -> bool {
    let field = Field::parse(field).unwrap();
    let condition = Condition::new(field, Operator::parse(operator).unwrap(), operand).unwrap();
    let mut policy = policy("a:p", Effect::Allow, "*", "*");
    policy.conditions.push(condition);
    let (actor, scope) = (actor(), scope(&["a:p"]));
    let attributes = [("pid", Scalar::Text("{app:p|1.0.0.0}".into())), ("size", Scalar::Int(10))];
    let check = Check {
        actor: Some(&actor),
        scope: Some(&scope),
        action: "process.send",
        resource: "app.workers:a",
        attributes: &attributes,
    };
    set(&[policy]).decide(&check).allowed
}

#[test]
fn operators_compare_with_values() {
    let text = |text: &str| Scalar::Text(text.to_owned());
    let list = |values: &[Scalar]| Scalar::List(values.to_vec());
    for (field, operator, value, expected) in [
        ("actor.id", "eq", text("user:ada"), true),
        ("actor.id", "eq", text("user:eve"), false),
        ("action", "eq", text("process.send"), true),
        ("actor.meta.level", "eq", Scalar::Int(5), true),
        ("actor.meta.level", "eq", Scalar::Float(5.0), true),
        ("actor.meta.level", "eq", text("5"), false),
        ("actor.meta.admin", "eq", Scalar::Bool(true), true),
        ("actor.meta.gone", "eq", text(""), false),
        ("actor.meta.roles", "eq", list(&[text("ops"), Scalar::Int(7)]), true),
        ("actor.meta.level", "lt", Scalar::Int(6), true),
        ("actor.meta.level", "lt", Scalar::Int(5), false),
        ("actor.meta.level", "lte", Scalar::Float(5.0), true),
        ("actor.meta.load", "gt", Scalar::Int(0), true),
        ("actor.meta.load", "gte", Scalar::Int(1), false),
        ("actor.meta.team", "gt", text("core"), false),
        ("actor.meta.team", "gt", text("cord"), true),
        ("actor.meta.team", "gt", Scalar::Int(0), false),
        ("actor.meta.gone", "lt", Scalar::Int(0), false),
        ("actor.meta.team", "in", list(&[text("x"), text("core")]), true),
        ("actor.meta.team", "in", list(&[]), false),
        ("actor.meta.level", "in", list(&[Scalar::Float(5.0)]), true),
        ("actor.meta.gone", "in", list(&[text("x")]), false),
        ("actor.meta.roles", "contains", text("ops"), true),
        ("actor.meta.roles", "contains", Scalar::Int(7), true),
        ("actor.meta.roles", "contains", text("op"), false),
        ("actor.meta.team", "contains", text("or"), true),
        ("actor.meta.level", "contains", Scalar::Int(5), false),
        ("resource", "matches", text("^app\\.[a-z]+:"), true),
        ("resource", "matches", text("workers"), true),
        ("resource", "matches", text("^workers$"), false),
        ("actor.meta.level", "matches", text("5"), false),
        ("actor.meta.gone", "matches", text(""), false),
        ("meta.pid", "matches", text("^\\{app:p\\|"), true),
        ("meta.size", "gte", Scalar::Int(10), true),
    ] {
        let shown = format!("{field} {operator} {value:?}");
        assert_eq!(holds(field, operator, Operand::Value(value.clone())), expected, "{shown}");
        let opposite = match operator {
            "eq" => "ne",
            "in" => "nin",
            "contains" => "ncontains",
            "matches" => "nmatches",
            _ => continue,
        };
        assert_eq!(holds(field, opposite, Operand::Value(value)), !expected, "not {shown}");
    }
}

#[test]
fn operators_compare_with_fields() {
    for (field, operator, from, expected) in [
        ("resource", "eq", "actor.meta.home", true),
        ("resource", "ne", "actor.meta.home", false),
        ("resource", "eq", "actor.meta.team", false),
        ("actor.meta.team", "in", "actor.meta.roles", false),
        ("actor.meta.gone", "eq", "actor.meta.gone", false),
        ("actor.meta.gone", "ne", "actor.meta.gone", true),
        ("meta.size", "gt", "actor.meta.level", true),
        ("resource", "contains", "actor.meta.team", false),
        ("resource", "matches", "actor.meta.any", true),
        ("resource", "nmatches", "actor.meta.any", false),
        ("resource", "matches", "actor.meta.broken", false),
        ("resource", "nmatches", "actor.meta.broken", false),
    ] {
        let operand = Operand::Field(Field::parse(from).unwrap());
        assert_eq!(holds(field, operator, operand), expected, "{field} {operator} {from}");
    }
    for (field, exists) in [("actor.meta.team", true), ("actor.meta.gone", false), ("action", true)]
    {
        assert_eq!(holds(field, "exists", Operand::None), exists, "{field}");
        assert_eq!(holds(field, "nexists", Operand::None), !exists, "{field}");
    }
}

#[test]
fn what_cannot_be_evaluated_makes_a_deny_apply() {
    let broken = Operand::Field(Field::parse("actor.meta.broken").unwrap());
    let condition = Condition::new(Field::Resource, Operator::Matches, broken).unwrap();
    let mut deny = policy("a:deny", Effect::Deny, "*", "*");
    deny.conditions.push(condition);
    let set = set(&[policy("a:allow", Effect::Allow, "*", "*"), deny]);
    let (actor, scope) = (actor(), scope(&["a:allow", "a:deny"]));
    let check = Check {
        actor: Some(&actor),
        scope: Some(&scope),
        action: "a",
        resource: "b",
        attributes: &(),
    };
    assert_eq!(set.decide(&check).decided_by, Some("a:deny"));
}

#[test]
fn explanations_name_every_policy() {
    let mut young = policy("a:young", Effect::Allow, "*", "*");
    let limit = Operand::Value(Scalar::Int(3));
    young.conditions.push(
        Condition::new(Field::parse("actor.meta.level").unwrap(), Operator::Lt, limit).unwrap(),
    );
    let set = set(&[
        young,
        policy("a:files", Effect::Allow, "fs.*", "*"),
        policy("a:others", Effect::Deny, "*", "app.others:*"),
        policy("a:send", Effect::Allow, "process.send", "app.*"),
    ]);
    let actor = actor();
    let scope = scope(&["a:young", "a:files", "a:others", "a:send", "a:gone"]);
    let check = Check {
        actor: Some(&actor),
        scope: Some(&scope),
        action: "process.send",
        resource: "app.workers:a",
        attributes: &(),
    };
    let expected = "denied: the scope names policy a:gone, which does not exist
  a:young (allow): condition does not hold: actor.meta.level lt 3 (it is 5)
  a:files (allow): is about other actions
  a:others (deny): is about other resources
  a:send (allow): applies
  a:gone: does not exist";
    assert_eq!(set.explain(&check).to_string(), expected);
}

/// A small generator of numbers: every run is the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit) as usize
    }
}

#[test]
fn any_order_gives_the_same_answer() {
    const ACTIONS: [&str; 5] = ["*", "process.*", "process.send", "process.sp*", "fs.read"];
    const RESOURCES: [&str; 4] = ["*", "app.*", "app.workers:*", "app.workers:a"];
    const ASKED: [&str; 4] = ["process.send", "process.spawn", "fs.read", "fs.write"];
    let mut numbers = Numbers(42);
    let actor = actor();
    for round in 0..2_000 {
        let policies: Vec<Policy> = (0..numbers.below(7))
            .map(|index| {
                let effect = if numbers.below(3) == 0 { Effect::Deny } else { Effect::Allow };
                let (action, resource) = (ACTIONS[numbers.below(5)], RESOURCES[numbers.below(4)]);
                policy(&format!("a:p{index}"), effect, action, resource)
            })
            .collect();
        let set = set(&policies);
        let mut scope = scope(&policies.iter().map(|p| p.id.as_str()).collect::<Vec<_>>());
        let action = ASKED[numbers.below(4)];
        let resource = ["app.workers:a", "app.workers:b", "net:x"][numbers.below(3)];
        let applies = |wanted: Effect| {
            policies.iter().any(|policy| {
                policy.effect == wanted
                    && policy.actions[0].matches(action)
                    && policy.resources[0].matches(resource)
            })
        };
        let expected = applies(Effect::Allow) && !applies(Effect::Deny);
        for _ in 0..3 {
            let check = Check {
                actor: Some(&actor),
                scope: Some(&scope),
                action,
                resource,
                attributes: &(),
            };
            let decision = set.decide(&check);
            assert_eq!(decision.allowed, expected, "round {round}");
            let decider = decision.decided_by.map(|id| set.get(id).unwrap().effect);
            let needed = if expected { Some(Effect::Allow) } else { None };
            assert!(decider == needed || decider == Some(Effect::Deny), "round {round}");
            assert_eq!(set.explain(&check).decision, decision, "round {round}");
            // Another order of the same policies.
            for last in (1..scope.policies.len()).rev() {
                scope.policies.swap(last, numbers.below(last as u64 + 1));
            }
        }
    }
}
