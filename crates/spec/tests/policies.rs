//! Policies alone.
#![allow(missing_docs)]

use procession_policy::{Effect, Pattern};
use procession_spec::parse_policies;

const GOOD: &str = r#"
- name: workers-may-talk
  kind: security.policy
  meta: {comment: from the documents}
  policy:
    effect: allow
    actions: ["process.send", "process.spawn*"]
    resources: ["app.workers:*"]
    conditions: [{field: actor.meta.team, operator: eq, value: core}]
- {name: other, kind: process.lua, source: file://other.lua}
- name: net:nothing
  kind: security.policy
  policy: {effect: deny, actions: "*", resources: a.b.*}
"#;

#[test]
fn a_list_of_entries_is_read() {
    let policies = parse_policies("p.yaml", GOOD).unwrap();
    assert_eq!(policies.len(), 2);
    assert_eq!(policies[0].id, "app:workers-may-talk");
    assert_eq!(policies[0].effect, Effect::Allow);
    assert_eq!(policies[0].actions[1], Pattern::Prefix("process.spawn".into()));
    assert_eq!(policies[0].conditions[0].to_string(), "actor.meta.team eq \"core\"");
    assert_eq!(policies[1].id, "net:nothing");
    assert_eq!(policies[1].actions, [Pattern::Any]);
    assert_eq!(policies[1].resources, [Pattern::Segments("a.b.".into())]);
}

#[test]
fn a_file_gives_its_namespace() {
    let entry =
        "- {name: p, kind: security.policy, policy: {effect: deny, actions: a, resources: b}}";
    let file = format!("version: '1.0'\nnamespace: shop\nentries:\n{entry}");
    assert_eq!(parse_policies("p", &file).unwrap()[0].id, "shop:p");
    let single = "name: p\nkind: security.policy\npolicy: {effect: deny, actions: a, resources: b}";
    assert_eq!(parse_policies("p", single).unwrap()[0].id, "app:p");
    assert!(parse_policies("p", "").unwrap().is_empty());
    assert!(parse_policies("p", "# only a comment\n").unwrap().is_empty());
}

#[test]
fn values_keep_their_types() {
    for (value, shown) in [
        ("5", "5"),
        ("0.5", "0.5"),
        ("1e3", "1000.0"),
        ("true", "true"),
        ("'5'", "\"5\""),
        ("core", "\"core\""),
        ("[1, a, [true]]", "[1, \"a\", [true]]"),
    ] {
        let text = format!(
            "name: p\nkind: security.policy\npolicy: {{effect: allow, actions: a, resources: b, \
             conditions: [{{field: meta.x, operator: eq, value: {value}}}]}}"
        );
        let policies = parse_policies("p", &text).unwrap();
        assert_eq!(policies[0].conditions[0].to_string(), format!("meta.x eq {shown}"), "{value}");
    }
}

#[test]
fn what_is_wrong_is_reported() {
    let entry =
        "{name: p, kind: security.policy, policy: {effect: deny, actions: a, resources: b}}";
    let long = "x".repeat((1 << 20) + 1);
    for (text, expected) in [
        (format!("- {entry}\n- {entry}"), "app:p is declared twice\n --> p.yaml:2:10"),
        ("name: a:b:c\nkind: security.policy\npolicy: {}".to_owned(), "key \"effect\" is missing"),
        (entry.replace("name: p", "name: 'a b'"), "\"a b\" is no id"),
        ("enteries: []".to_owned(), "unknown key \"enteries\""),
        ("entries: []\nnamespce: x".to_owned(), "did you mean \"namespace\"?"),
        ("just a text".to_owned(), "expected a mapping, found the text \"just a text\""),
        (long, "p.yaml is longer than 1048576 bytes"),
    ] {
        let report = parse_policies("p.yaml", &text).unwrap_err().to_string();
        assert!(report.contains(expected), "{expected}: {report}");
    }
}
