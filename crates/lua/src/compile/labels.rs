//! Labels, `goto` and `break`: which jump goes where, and which must not.

use super::ast::{GotoId, Label, LabelId};
use super::names::Symbol;
use super::resolve::Scopes;
use std::collections::HashMap;

/// The labels and jumps of a chunk.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// Every label.
    pub(crate) labels: Vec<Label>,
    /// Where each `goto` goes, once it is known.
    pub(crate) gotos: Vec<LabelId>,
}

/// A label that can be jumped to from here.
#[derive(Debug)]
struct VisibleLabel {
    name: Symbol,
    id: LabelId,
    line: u32,
}

/// A jump whose label is yet to come.
#[derive(Debug)]
struct PendingGoto {
    name: Symbol,
    line: u32,
    /// Variables in scope both here and where the label may stand.
    active: usize,
    /// `None` for a `break`.
    id: Option<GotoId>,
}

/// The labels and jumps of a function that is being parsed. There may be tens of thousands, so nothing looks
/// at all of them for each.
#[derive(Debug, Default)]
pub(crate) struct Jumps {
    /// Those of the innermost block last; no two have the same name.
    visible: Vec<VisibleLabel>,
    visible_at: HashMap<Symbol, usize>,
    /// In their order; `None` for those that are settled.
    pending: Vec<Option<PendingGoto>>,
    /// Where those of a name are that are not settled, in their order.
    pending_at: HashMap<Symbol, Vec<usize>>,
}

/// How many labels and jumps there were when a block was entered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JumpsBefore {
    labels: usize,
    pending: usize,
}

impl Jumps {
    pub(crate) fn now(&self) -> JumpsBefore {
        JumpsBefore { labels: self.visible.len(), pending: self.pending.len() }
    }

    fn visible(&self, name: Symbol) -> Option<&VisibleLabel> {
        self.visible_at.get(&name).map(|&at| &self.visible[at])
    }

    fn add_label(&mut self, label: VisibleLabel) {
        self.visible_at.insert(label.name, self.visible.len());
        self.visible.push(label);
    }

    fn drop_labels(&mut self, before: JumpsBefore) {
        for label in self.visible.drain(before.labels..) {
            self.visible_at.remove(&label.name);
        }
    }

    fn add_pending(&mut self, goto: PendingGoto) {
        self.pending_at.entry(goto.name).or_default().push(self.pending.len());
        self.pending.push(Some(goto));
    }

    /// Takes out those to a label that have come since.
    fn take_pending(&mut self, name: Symbol, since: JumpsBefore) -> Vec<PendingGoto> {
        let Some(positions) = self.pending_at.get_mut(&name) else { return Vec::new() };
        let first = positions.partition_point(|&at| at < since.pending);
        let gotos = positions.drain(first..).filter_map(|at| self.pending[at].take()).collect();
        // Never below where the block began: what was pending there last still is.
        while let Some(None) = self.pending.last() {
            self.pending.pop();
        }
        gotos
    }

    fn pending_since(&mut self, since: JumpsBefore) -> impl Iterator<Item = &mut PendingGoto> {
        self.pending[since.pending..].iter_mut().flatten()
    }
}

/// A jump that is not allowed.
#[derive(Debug)]
pub(crate) enum LabelError {
    /// It jumps into the scope of this local.
    IntoScope { label: Symbol, line: u32, local: Symbol },
    /// There is no such label.
    Undefined { label: Symbol, line: u32 },
}

/// Stands for the label of a `goto` until it is found.
const UNKNOWN: LabelId = LabelId(u32::MAX);

impl Scopes {
    /// The line of the visible label of this name.
    pub(crate) fn label_line(&mut self, name: Symbol) -> Option<u32> {
        self.visible_label(name).map(|label| label.line)
    }

    fn visible_label(&mut self, name: Symbol) -> Option<&VisibleLabel> {
        self.function().jumps.visible(name)
    }

    /// A `goto` on this line.
    pub(crate) fn goto(&mut self, name: Symbol, line: u32) -> GotoId {
        let id = GotoId(self.labels.gotos.len() as u32);
        let target = self.visible_label(name).map(|label| label.id);
        self.labels.gotos.push(target.unwrap_or(UNKNOWN));
        if target.is_none() {
            self.push_pending(name, line, Some(id));
        }
        id
    }

    /// A `break` on this line.
    pub(crate) fn break_loop(&mut self, line: u32) {
        self.push_pending(Symbol::BREAK, line, None);
    }

    fn push_pending(&mut self, name: Symbol, line: u32, id: Option<GotoId>) {
        let active = self.active();
        self.function().jumps.add_pending(PendingGoto { name, line, active, id });
    }

    /// A label on this line. Variables of the block count as out of scope at a label that is the
    /// block's `last` statement, so that one can jump over them to the end.
    pub(crate) fn label(
        &mut self,
        name: Symbol,
        line: u32,
        position: LabelPosition,
    ) -> Result<LabelId, LabelError> {
        let id = LabelId(self.labels.labels.len() as u32);
        let closing_depth = self.function().closing_depth;
        self.labels.labels.push(Label { closing_depth });
        let function = self.function();
        function.jumps.add_label(VisibleLabel { name, id, line });
        let block = function.blocks.last().expect("a function has a block of its own");
        let (before, outside) = (block.jumps_before, block.active);
        let active = match position {
            LabelPosition::Last => outside,
            LabelPosition::Inner => function.active(),
        };
        self.settle(name, before, active, Some(id))?;
        Ok(id)
    }

    /// Settles jumps to `name` that have come since.
    fn settle(
        &mut self,
        name: Symbol,
        since: JumpsBefore,
        active: usize,
        id: Option<LabelId>,
    ) -> Result<(), LabelError> {
        for goto in self.function().jumps.take_pending(name, since) {
            if goto.active < active {
                let local = self.active_name(goto.active);
                return Err(LabelError::IntoScope { label: name, line: goto.line, local });
            }
            if let (Some(goto), Some(label)) = (goto.id, id) {
                self.labels.gotos[goto.0 as usize] = label;
            }
        }
        Ok(())
    }

    /// Closes the innermost block. Jumps that are still pending move out of it; those of a
    /// function's outermost block have nowhere to go.
    pub(crate) fn leave_block(&mut self) -> Result<(), LabelError> {
        let Some(block) = self.function().blocks.pop() else { return Ok(()) };
        if block.is_loop {
            let active = self.active();
            self.settle(Symbol::BREAK, block.jumps_before, active.min(block.active), None)?;
        }
        self.drop_variables(&block);
        let function = self.function();
        function.jumps.drop_labels(block.jumps_before);
        let is_outermost = function.blocks.is_empty();
        for goto in function.jumps.pending_since(block.jumps_before) {
            if is_outermost {
                return Err(LabelError::Undefined { label: goto.name, line: goto.line });
            }
            goto.active = goto.active.min(block.active);
        }
        Ok(())
    }
}

/// Where in its block a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LabelPosition {
    Last,
    Inner,
}
