use super::*;
use crate::{Effect, Pattern};

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

fn errors(text: &str) -> Vec<String> {
    parse_yaml(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// An entry around the lines of a policy.
fn entry(policy: &str) -> String {
    format!("- name: p\n  kind: security.policy\n  policy: {policy}\n")
}

#[test]
fn a_list_of_entries_is_read() {
    let policies = parse_yaml(GOOD).unwrap();
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
    let entries = entry("{effect: deny, actions: ['*'], resources: ['*']}");
    let file = format!("version: '1.0'\nnamespace: shop\nentries:\n{entries}");
    assert_eq!(parse_yaml(&file).unwrap()[0].id, "shop:p");
    let single = "name: p\nkind: security.policy\npolicy: {effect: deny, actions: a, resources: b}";
    assert_eq!(parse_yaml(single).unwrap()[0].id, "app:p");
    assert!(parse_yaml("").unwrap().is_empty());
    assert!(parse_yaml("# only a comment\n").unwrap().is_empty());
}

#[test]
fn values_keep_their_types() {
    for (value, shown) in [
        ("5", "5"),
        ("-5", "-5"),
        ("0.5", "0.5"),
        ("1e3", "1000.0"),
        ("true", "true"),
        ("'5'", "\"5\""),
        ("core", "\"core\""),
        ("5s", "\"5s\""),
        ("inf", "\"inf\""),
        ("[1, a, [true]]", "[1, \"a\", [true]]"),
    ] {
        let condition = format!("{{field: meta.x, operator: eq, value: {value}}}");
        let policy =
            format!("{{effect: allow, actions: a, resources: b, conditions: [{condition}]}}");
        let policies = parse_yaml(&entry(&policy)).unwrap();
        assert_eq!(policies[0].conditions[0].to_string(), format!("meta.x eq {shown}"), "{value}");
    }
}

#[test]
fn every_error_says_what_and_where() {
    let path = "line 3, column";
    for (policy, expected) in [
        ("{}", vec!["11: [0].policy: \"effect\" is missing"]),
        (
            "{effect: alow, actions: a, resources: b}",
            vec!["20: [0].policy.effect: unknown effect \"alow\"; did you mean \"allow\"?"],
        ),
        (
            "{effect: permit, actions: a, resources: b}",
            vec!["20: [0].policy.effect: unknown effect \"permit\"; known: allow, deny"],
        ),
        (
            "{effect: deny, action: a, resources: b}",
            vec![
                "26: [0].policy: unknown key \"action\"; did you mean \"actions\"?",
                "11: [0].policy: \"actions\" is missing",
            ],
        ),
        (
            "{effect: deny, actions: [a*b, ''], resources: []}",
            vec![
                "36: [0].policy.actions: \"a*b\": a * may stand only at the end",
                "41: [0].policy.actions: expected a text, found a single value",
                "57: [0].policy.resources: expected at least one pattern, found none",
            ],
        ),
        (
            "{effect: deny, effect: deny, actions: a, resources: b}",
            vec!["26: [0].policy: \"effect\" stands here twice"],
        ),
        ("[]", vec!["11: [0].policy: expected a mapping, found a list"]),
    ] {
        let found = errors(&entry(policy));
        for text in expected {
            let text = format!("{path} {text}");
            assert!(found.iter().any(|error| error.starts_with(&text)), "{text} in {found:#?}");
        }
    }
}

#[test]
fn conditions_are_checked() {
    for (condition, expected) in [
        ("{field: actor.name, operator: eq, value: a}", "unknown field \"actor.name\""),
        ("{field: resorce, operator: eq, value: a}", "did you mean \"resource\"?"),
        ("{field: action, operator: equals, value: a}", "unknown operator \"equals\""),
        ("{field: action, operator: eq}", "operator eq needs a value or a value_from"),
        ("{field: action, operator: exists, value: a}", "operator exists takes neither"),
        ("{field: action, operator: in, value: a}", "operator in needs a list"),
        ("{field: action, operator: lt, value: true}", "operator lt needs a number or a text"),
        ("{field: action, operator: matches, value: '('}", "\"(\" is no regular expression"),
        ("{field: action, operator: matches, value: 5}", "matches needs a text"),
        ("{field: action, operator: eq, value: }", "expected a value, found nothing"),
        ("{field: action, operator: eq, value: {a: 1}}", "expected a value or a list"),
        ("{field: action, operator: eq, value: a, value_from: resource}", "exclude each other"),
        ("{operator: eq, value: a}", "\"field\" is missing"),
        ("text", "expected a mapping, found a single value"),
    ] {
        let policy =
            format!("{{effect: allow, actions: a, resources: b, conditions: [{condition}]}}");
        let found = errors(&entry(&policy));
        assert!(found.iter().any(|error| error.contains(expected)), "{condition}: {found:#?}");
        assert!(found[0].contains("[0].policy.conditions[0]"), "{found:#?}");
    }
}

#[test]
fn foreign_text_has_limits() {
    let deep = "[".repeat(DEPTH_MAX + 1) + &"]".repeat(DEPTH_MAX + 1);
    let long = format!("# {}", "x".repeat(TEXT_BYTES_MAX));
    let many = format!("[{}]", "1,".repeat(NODES_MAX + 1));
    let wrong = "- 1\n".repeat(ERRORS_MAX + 50);
    assert_eq!(errors(&wrong).len(), ERRORS_MAX);
    for (text, expected) in [
        (&*deep, "more than 32 levels of nesting"),
        (&*long, "more than 1048576 bytes"),
        (&*many, "more than 100000 values"),
        ("a: [1", "not valid YAML"),
        ("a: b: c", "line 1, column 5: not valid YAML"),
        ("\"a", "not valid YAML"),
        ("- &x a\n- *x", "aliases are not supported"),
        ("- !!str a", "tags are not supported"),
        ("--- []\n--- []", "several documents are not supported"),
        (
            "- {name: p, kind: security.policy, policy: {effect: deny, actions: a, resources: b}}\n\
             - {name: p, kind: security.policy, policy: {effect: deny, actions: a, resources: b}}",
            "line 2, column 3: [1]: policy app:p is defined twice",
        ),
    ] {
        let found = errors(text);
        assert!(found[0].contains(expected), "{expected}: {found:#?}");
    }
}

#[test]
fn damaged_text_is_an_error_and_never_a_crash() {
    const PIECES: [&str; 12] =
        ["", "*", ":", "- ", "{", "}", "[", "\n", "\t", "&a ", "\u{1F980}", "'"];
    let mut state = 7_u64;
    let mut below = |limit: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let good: Vec<char> = GOOD.chars().collect();
    let mut refused = 0;
    for _ in 0..3_000 {
        let mut text = good.clone();
        for _ in 0..=below(3) {
            let at = below(text.len());
            let end = (at + below(4)).min(text.len());
            text.splice(at..end, PIECES[below(PIECES.len())].chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = parse_yaml(&text) {
            refused += 1;
            assert!(!errors.is_empty());
            let lines = text.lines().count() + 1;
            assert!(
                errors.iter().all(|error| (1..=lines).contains(&error.line)),
                "{errors:?}\n{text}"
            );
        }
    }
    assert!(refused > 1_000, "{refused}");
}
