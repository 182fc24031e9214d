//! What follows from who requires whom: that it goes round in no circle, and how long a whole tree may
//! take to start and to stop.

use super::Planned;
use crate::supervisor::ChildDefinition;
use std::collections::BTreeMap;

/// What a supervisor may take beside what its children take.
const SLACK_NS: u64 = 1_000_000_000;

/// Positions that require each other in a circle, if any do.
pub(super) fn circle(requires: &[Vec<usize>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Done,
    }
    let mut marks = vec![Mark::New; requires.len()];
    for start in 0..requires.len() {
        // Who is looked at, and how many of its requirements have been.
        let mut path = vec![(start, 0)];
        while let Some((at, seen)) = path.last_mut() {
            let at = *at;
            match requires[at].get(*seen).copied() {
                _ if marks[at] == Mark::Done => {
                    path.pop();
                }
                None => {
                    marks[at] = Mark::Done;
                    path.pop();
                }
                Some(next) => {
                    marks[at] = Mark::OnPath;
                    *seen += 1;
                    if marks[next] == Mark::OnPath {
                        let ids = path.iter().map(|(at, _)| *at);
                        return Some(ids.skip_while(|at| *at != next).collect());
                    }
                    path.push((next, 0));
                }
            }
        }
    }
    None
}

/// Gives each supervisor at least the time to start that its children may take one after another.
pub(super) fn allow_time_to_start(supervisors: &mut [Planned]) {
    let of = |child: &ChildDefinition| child.start_timeout_ns.unwrap_or(0);
    allow_time(supervisors, of, |child, needed| {
        child.start_timeout_ns = child.start_timeout_ns.map(|own| own.max(needed));
    });
}

/// Gives each supervisor at least the time to stop that its children may take one after another;
/// returns what the first one, the root, needs.
pub(super) fn allow_time_to_stop(supervisors: &mut [Planned]) -> u64 {
    let of = |child: &ChildDefinition| child.stop_timeout_ns;
    allow_time(supervisors, of, |child, needed| {
        child.stop_timeout_ns = child.stop_timeout_ns.max(needed);
    })
}

fn allow_time(
    supervisors: &mut [Planned],
    of: impl Fn(&ChildDefinition) -> u64,
    mut allow: impl FnMut(&mut ChildDefinition, u64),
) -> u64 {
    let mut needed: BTreeMap<String, u64> = BTreeMap::new();
    let mut root = 0;
    // Each comes after its parent, so those below are done first.
    for planned in supervisors.iter_mut().rev() {
        for child in &mut planned.definition.children {
            if let Some(needed) = needed.get(child.id.as_str()) {
                allow(child, *needed);
            }
        }
        root = longest_chain(planned, &of).saturating_add(SLACK_NS);
        needed.insert(planned.definition.id.to_string(), root);
    }
    root
}

/// The longest time that children which come after each other may take together.
fn longest_chain(planned: &Planned, of: &impl Fn(&ChildDefinition) -> u64) -> u64 {
    let children = &planned.definition.children;
    let mut longest: Vec<Option<u64>> = vec![None; children.len()];
    for start in 0..children.len() {
        let mut path = vec![start];
        while let Some(at) = path.last().copied() {
            let child = &children[at];
            if let Some(next) = child.requires.iter().find(|next| longest[**next].is_none()) {
                path.push(*next);
                continue;
            }
            let below = child.requires.iter().filter_map(|next| longest[*next]).max();
            longest[at] = Some(of(child).saturating_add(below.unwrap_or(0)));
            path.pop();
        }
    }
    longest.into_iter().flatten().max().unwrap_or(0)
}
