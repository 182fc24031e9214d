//! `procession tree`: who has started whom.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Format, one, printable};
use clap::Args;
use procession_api::ProcessView;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// Processes that are looked at.
const LOOKED_AT_MAX: usize = 10_000;

/// What `tree` is told.
#[derive(Debug, Args)]
pub(crate) struct TreeArguments {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &TreeArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let (processes, _) =
        client.processes(None, LOOKED_AT_MAX).map_err(|error| failed("list processes", &error))?;
    let tree = Tree::new(&processes);
    if format == Format::Name {
        return Ok(processes.iter().map(|process| crate::ps::name(process) + "\n").collect());
    }
    let roots: Vec<Value> = tree.roots.iter().map(|root| tree.json(root)).collect();
    Ok(one(format, &roots, |_| tree.text(), |_| String::new()))
}

struct Tree<'a> {
    roots: Vec<&'a ProcessView>,
    children: BTreeMap<&'a str, Vec<&'a ProcessView>>,
}

impl<'a> Tree<'a> {
    /// A process whose parent has ended is a root.
    fn new(processes: &'a [ProcessView]) -> Self {
        let alive: HashSet<&str> = processes.iter().map(|process| &*process.pid).collect();
        let mut tree = Self { roots: Vec::new(), children: BTreeMap::new() };
        for process in processes {
            match process.parent.as_deref().filter(|parent| alive.contains(parent)) {
                Some(parent) => tree.children.entry(parent).or_default().push(process),
                None => tree.roots.push(process),
            }
        }
        tree
    }

    fn of(&self, process: &ProcessView) -> &[&'a ProcessView] {
        self.children.get(&*process.pid).map_or(&[], |list| &list[..])
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // A stack of its own: a chain of parents may be long.
        let mut stack: Vec<(&ProcessView, String, &str, &str)> =
            self.roots.iter().rev().map(|root| (*root, String::new(), "", "")).collect();
        while let Some((process, indent, branch, below)) = stack.pop() {
            let names = process.names.join(",");
            let name = if names.is_empty() { &process.id } else { &names };
            let line = format!("{name} {} {}", process.program, process.state);
            text.push_str(&format!("{indent}{branch}{}\n", printable(&line)));
            let children = self.of(process);
            for (number, child) in children.iter().enumerate().rev() {
                let is_last = number + 1 == children.len();
                let (branch, next) =
                    if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                stack.push((child, format!("{indent}{below}"), branch, next));
            }
        }
        text
    }

    /// Parents are older than their children, so this ends; how deep it goes is the caller's stack.
    fn json(&self, process: &ProcessView) -> Value {
        let mut done: BTreeMap<&str, Value> = BTreeMap::new();
        let mut order = vec![process];
        let mut at = 0;
        while at < order.len() {
            order.extend(self.of(order[at]));
            at += 1;
        }
        for process in order.iter().rev() {
            let children: Vec<Value> =
                self.of(process).iter().filter_map(|child| done.remove(&*child.pid)).collect();
            done.insert(&process.pid, json!({"process": process, "children": children}));
        }
        done.remove(&*process.pid).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: &str, parent: Option<&str>) -> ProcessView {
        serde_json::from_value(json!({
            "pid": pid, "id": pid, "program": "app:a", "host": "h", "state": "waiting", "since": "",
            "started": "", "names": [], "mailbox_messages": 0, "mailbox_bytes": 0,
            "memory_bytes": 0, "instructions": 0, "parent": parent,
        }))
        .unwrap()
    }

    #[test]
    fn children_stand_below_their_parents() {
        let processes = [
            process("1", None),
            process("2", Some("1")),
            process("3", Some("2")),
            process("4", Some("1")),
            process("5", Some("gone")),
        ];
        let tree = Tree::new(&processes);
        let text = tree.text().replace(" app:a waiting", "");
        assert_eq!(text, "1\n├─ 2\n│  └─ 3\n└─ 4\n5\n");
        let json = tree.json(tree.roots[0]);
        assert_eq!(json["children"][0]["children"][0]["process"]["pid"], "3");
        assert_eq!(json["children"].as_array().map(Vec::len), Some(2));
    }
}
