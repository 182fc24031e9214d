//! Cycles of a graph.

use crate::source::Place;

/// Most cycles that are reported; who mends one often mends several.
const CYCLES_MAX: usize = 20;

/// That one node has to come before another, and why.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) to: usize,
    /// Why, in a sentence.
    pub(crate) why: String,
    /// Where that stands.
    pub(crate) place: Place,
}

/// How far the search has got with a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// On the path, at this position.
    Open(usize),
    Done,
}

/// Cycles of the graph, each as the edges from a node back to it. Every graph with a cycle gives one,
/// not every cycle is given. Without recursion.
pub(crate) fn cycles(edges: &[Vec<Edge>]) -> Vec<Vec<Edge>> {
    let mut states = vec![State::New; edges.len()];
    let mut found = Vec::new();
    // The nodes on the way to the current one, each with the edge that is looked at next.
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..edges.len() {
        if states[start] != State::New {
            continue;
        }
        states[start] = State::Open(0);
        path.push((start, 0));
        while let Some((node, next)) = path.last_mut() {
            let Some(edge) = edges[*node].get(*next) else {
                states[*node] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match states[edge.to] {
                State::Done => {}
                State::Open(from) => {
                    let taken = |&(node, next): &(usize, usize)| edges[node][next - 1].clone();
                    found.push(path[from..].iter().map(taken).collect());
                    if found.len() == CYCLES_MAX {
                        return found;
                    }
                }
                State::New => {
                    states[edge.to] = State::Open(path.len());
                    path.push((edge.to, 0));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn cycles_are_found_once() {
        for (graph, expected) in [
            (&[&[1][..], &[2], &[]][..], &[][..]),
            (&[&[1], &[2], &[0]], &[&[1, 2, 0][..]]),
            (&[&[0]], &[&[0]]),
            (&[&[1, 2], &[2], &[]], &[]),
            (&[&[1], &[0], &[3], &[2]], &[&[1, 0], &[3, 2]]),
            (&[&[1], &[2], &[3], &[1]], &[&[2, 3, 1]]),
        ] {
            let place = Place { file: 0, span: Span::default() };
            let edge = |&to: &usize| Edge { to, why: String::new(), place };
            let edges: Vec<Vec<Edge>> =
                graph.iter().map(|edges| edges.iter().map(edge).collect()).collect();
            let found: Vec<Vec<usize>> = cycles(&edges)
                .iter()
                .map(|cycle| cycle.iter().map(|edge| edge.to).collect())
                .collect();
            assert_eq!(found, expected, "{graph:?}");
        }
    }
}
