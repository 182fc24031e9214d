//! The policies' YAML: policies or errors with positions, never a panic.

use super::{Finding, Target};
use crate::mutate::mutate;
use crate::ours::caught;
use crate::random::Random;
use std::ops::Range;

const SEED: &str = "\
version: \"1.0\"
namespace: app
entries:
  - name: readers
    kind: security.policy
    groups: [a, \"b\", 'c']
    policy:
      actions: [read, \"fs.*\"]
      resources: \"*\"
      effect: allow
      conditions:
        - field: actor.id
          operator: eq
          value: 5
        - { field: meta.x, operator: in, value: [1, 2.5, null, true] }
  - name: two
    kind: security.policy
    policy: { actions: \"*\", resources: [\"a:b\"], effect: deny }
";

const WORDS: &[&[u8]] = &[
    b"- ",
    b": ",
    b"\n  ",
    b"\n",
    b"\"",
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"|\n",
    b">\n",
    b"&a ",
    b"*a",
    b"!!str ",
    b"---\n",
    b"...\n",
    b"#",
    b"\t",
    b"? ",
    b"~",
    b"\\u0000",
    b"<<: ",
    b"%YAML",
    b"conditions:\n",
    b"matches",
    b"value: ",
    b"[[[[",
    b"{{{{",
    b"- - - ",
];

/// See the module.
#[derive(Debug)]
pub(super) struct Policy;

impl Target for Policy {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(case).collect()
    }

    fn extension(&self) -> &'static str {
        "yaml"
    }
}

fn case(seed: u64) -> Option<Finding> {
    let mut random = Random::new(seed);
    let mut text = SEED.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        mutate(&mut random, &mut text, WORDS);
    }
    text.truncate(1 << 16);
    let text = String::from_utf8_lossy(&text).into_owned();
    let found = caught(|| match procession_spec::parse_policies("policies.yaml", &text) {
        Ok(_) => None,
        Err(report) => super::application::flaw(&report, &[("policies.yaml", &text)]),
    });
    let title = match found {
        Ok(wrong) => wrong?,
        Err(panic) => format!("panics: {panic}"),
    };
    Some(Finding::new(seed, title, text.as_bytes()))
}
