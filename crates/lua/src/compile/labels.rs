//! Labels, `goto` and `break`: which jump goes where, and which must not.

use super::ast::{GotoId, Label, LabelId};
use super::names::Symbol;
use super::resolve::Scopes;

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
pub(crate) struct VisibleLabel {
    name: Symbol,
    id: LabelId,
    line: u32,
}

/// A jump whose label is yet to come.
#[derive(Debug)]
pub(crate) struct PendingGoto {
    pub(crate) name: Symbol,
    pub(crate) line: u32,
    /// Variables in scope both here and where the label may stand.
    active: usize,
    /// `None` for a `break`.
    id: Option<GotoId>,
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
        self.function().labels.iter().find(|label| label.name == name)
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
        self.function().gotos.push(PendingGoto { name, line, active, id });
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
        function.labels.push(VisibleLabel { name, id, line });
        let block = function.blocks.last().map_or((0, 0), |block| (block.first_goto, block.active));
        let active = match position {
            LabelPosition::Last => block.1,
            LabelPosition::Inner => function.active(),
        };
        self.settle(name, block.0, active, Some(id))?;
        Ok(id)
    }

    /// Settles pending jumps to `name` from the `first` on.
    fn settle(
        &mut self,
        name: Symbol,
        first: usize,
        active: usize,
        id: Option<LabelId>,
    ) -> Result<(), LabelError> {
        let mut position = first;
        while let Some(goto) = self.function().gotos.get(position) {
            if goto.name != name {
                position += 1;
                continue;
            }
            if goto.active < active {
                let (line, first_skipped) = (goto.line, goto.active);
                let local = self.active_name(first_skipped);
                return Err(LabelError::IntoScope { label: name, line, local });
            }
            let goto = self.function().gotos.remove(position);
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
            self.settle(Symbol::BREAK, block.first_goto, active.min(block.active), None)?;
        }
        self.drop_variables(&block);
        let function = self.function();
        function.labels.truncate(block.first_label);
        let is_outermost = function.blocks.is_empty();
        for goto in &mut function.gotos[block.first_goto..] {
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
