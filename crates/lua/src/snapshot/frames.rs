//! Whether the frames of a coroutine can go on: each lies on its stack above the one that called it,
//! where that one's code expects it, and holds what its own code relies on.
//!
//! The links of a frame say where to go when it returns, so they are followed here down to the first
//! one, as a return would follow them. A frame that called is looked at with the eyes of its code: is
//! the instruction before the one at which it goes on one that makes such a call, with its callee
//! there, and with as many results?

use super::Damage;
use super::objects::{Checked, Checker};
use crate::bytecode::needs::members;
use crate::bytecode::{Op, Prototype};
use crate::coroutine::{CLOSING, FINALIZING, FrameKind, Link, TAIL_CALLED, UNWINDING};
use crate::coroutines::WRAP_PLACE;
use crate::image::Image;
use crate::library::is_builtin;
use procession_types::word::{self, Word};

/// How a frame goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Resumption {
    /// At its instruction, with this end of an open list.
    Next { top: usize },
    /// It gets the results of a call: where, and how many it wants + 1 (0: all).
    Results { slot: usize, results: u8 },
    /// Its instruction gets the result of a metamethod.
    Metamethod,
    /// The instruction before is executed again, with this end of an open list.
    Again { top: usize },
    /// Never: an error is on its way.
    Never,
}

/// A frame, with positions in the heap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Its stack.
    pub(super) stack: usize,
    /// R0.
    pub(super) base: usize,
    /// The instruction at which it goes on; of a built-in function the number of its arguments.
    pub(super) pc: usize,
    /// How it does that.
    pub(super) resumption: Resumption,
}

/// The code of a function in Lua.
pub(super) struct Code<'a> {
    image: &'a Image,
    index: usize,
    pub(super) prototype: &'a Prototype,
}

impl Checker<'_> {
    /// Checks a frame and all those below it.
    pub(super) fn frames(&self, mut frame: Frame) -> Checked {
        let end = frame.stack + 1 + word::header_length(self.words[frame.stack]) as usize;
        loop {
            let Frame { stack, base, .. } = frame;
            if base < stack + 4 || base > end {
                return Err(Damage::new(stack, "a frame that is not on its stack"));
            }
            let callee = self.words[base - 3];
            let code = self.code(callee);
            let registers = match &code {
                Some(code) => code.prototype.registers as usize,
                None if is_builtin(callee) => frame.pc,
                None => return Err(Damage::new(base - 3, "a frame of no function")),
            };
            if registers > end - base {
                return Err(Damage::new(base, "a frame that reaches beyond its stack"));
            }
            if let Some(code) = &code {
                self.goes_on(code, frame)?;
            }
            let link = self.link(base, code.as_ref().map(|code| code.prototype))?;
            let slot = base.wrapping_sub(link.shift as usize);
            if slot <= stack || slot > base {
                return Err(Damage::new(base - 1, "a frame that begins elsewhere than it says"));
            }
            if link.kind == FrameKind::First {
                let is_first = slot == stack + 1 && link.delta == 0;
                return if is_first {
                    Ok(())
                } else {
                    Err(Damage::new(base - 2, "a frame that is not the first"))
                };
            }
            frame = self.caller(frame, link, slot)?;
        }
    }

    /// The frame that called.
    fn caller(&self, of: Frame, link: Link, slot: usize) -> Result<Frame, Damage> {
        let Frame { stack, base: above, .. } = of;
        let base = slot.wrapping_sub(link.delta as usize);
        if base < stack + 4 || base > slot {
            return Err(Damage::new(above - 1, "a frame whose caller is not on the stack"));
        }
        // The frame must leave alone what its caller keeps; a call says itself where it puts it.
        let code = self.code(self.words[base - 3]);
        let kept = code.as_ref().map_or(0, |code| code.prototype.registers as usize);
        let is_above = |extra: usize| {
            if slot >= base + kept + extra {
                Ok(())
            } else {
                Err(Damage::new(above - 1, "a frame in the midst of its caller"))
            }
        };
        let resumption = match link.kind {
            FrameKind::Call | FrameKind::Protected | FrameKind::First => {
                Resumption::Results { slot, results: link.results }
            }
            FrameKind::Handled if slot > base => {
                Resumption::Results { slot: slot - 1, results: link.results }
            }
            FrameKind::Handled => {
                return Err(Damage::new(above - 1, "a frame without room for its handler"));
            }
            FrameKind::Meta => {
                is_above(0)?;
                Resumption::Metamethod
            }
            FrameKind::Handler => {
                is_above(0)?;
                Resumption::Never
            }
            FrameKind::Close => {
                is_above(2)?;
                let offset = self.words[slot - 2];
                let size = i64::from(word::header_length(self.words[stack]));
                if !word::is_int(offset) || !(0..=size + 1).contains(&word::to_int(offset)) {
                    return Err(Damage::new(slot - 2, "an end that is not on the stack"));
                }
                let top = stack + word::to_int(offset) as usize;
                match link.results {
                    UNWINDING => Resumption::Never,
                    CLOSING if code.is_some() => Resumption::Again { top },
                    FINALIZING if code.is_some() => Resumption::Next { top },
                    _ => return Err(Damage::new(above - 2, "a frame that closes for no reason")),
                }
            }
        };
        Ok(Frame { stack, base, pc: link.pc as usize, resumption })
    }

    /// The code of a function that is called by a frame; `None` for anything else.
    pub(super) fn code(&self, callee: Word) -> Option<Code<'_>> {
        if word::is_float(callee) || word::tag(callee) != word::TAG_FUNCTION {
            return None;
        }
        // What is no function was refused before.
        let (number, index) = match word::space(callee) {
            0 => match *self.words.get(word::index(callee) as usize + 1)? {
                WRAP_PLACE => return None,
                place => ((place >> 32) as u16 as usize, place as u32 as usize),
            },
            _ => (0, word::index(callee) as usize),
        };
        let image = self.images.get(number)?;
        let prototype = image.prototypes.get(index)?;
        Some(Code { image, index, prototype })
    }

    /// The links of the frame at `base`, which must be such as are made.
    fn link(&self, base: usize, of: Option<&Prototype>) -> Result<Link, Damage> {
        let (first, second) = (self.words[base - 2], self.words[base - 1]);
        let link = Link::decode(first, second);
        let shift = link.shift as usize;
        let right_shift = match of {
            Some(of) if of.is_vararg => shift >= 6 + of.parameters as usize,
            _ => shift == 3,
        };
        if !right_shift {
            return Err(Damage::new(base - 1, "a frame that begins elsewhere than it says"));
        }
        let (same, other) = link.encode();
        if first & !TAIL_CALLED != same || second != other {
            return Err(Damage::new(base - 2, "a frame without links"));
        }
        Ok(link)
    }

    /// Whether the frame of a function in Lua can go on as it is to.
    fn goes_on(&self, code: &Code<'_>, frame: Frame) -> Checked {
        let Frame { base, pc, .. } = frame;
        let wrong = |what| Err(Damage::new(base - 2, what));
        let instructions = &code.prototype.code;
        let before = match pc.checked_sub(1) {
            Some(before) if before < instructions.len() => Some(instructions[before]),
            None => None,
            Some(_) => return wrong("a frame whose code ends before"),
        };
        let goes_there = !matches!(frame.resumption, Resumption::Never | Resumption::Again { .. });
        if goes_there && pc >= instructions.len() {
            return wrong("a frame whose code ends before");
        }
        match (frame.resumption, before) {
            (Resumption::Never, _) => Ok(()),
            (Resumption::Next { top }, _) => self.has_needed(code, base, pc, Some(top)),
            (_, None) => wrong("a frame that has called nobody"),
            (Resumption::Again { top }, Some(i)) => {
                let closes = i.op() == Op::Close || i.op() == Op::Return && i.c() == 1;
                if !closes {
                    return wrong("a frame that closes nothing");
                }
                self.has_needed(code, base, pc - 1, Some(top))
            }
            (Resumption::Results { slot, results }, Some(i)) => {
                let expected = match i.op() {
                    Op::Call => (i.a() as usize, i.c()),
                    Op::TailCall => (i.a() as usize, 0),
                    Op::ForInCall => (i.a() as usize + 4, i.c() + 1),
                    _ => return wrong("a frame that has called nobody"),
                };
                if (slot - base, u32::from(results)) != expected {
                    return wrong("a frame that has called somebody else");
                }
                self.has_needed(code, base, pc, (results == 0).then_some(slot))
            }
            (Resumption::Metamethod, Some(i)) => {
                let is_right =
                    i.op().event().is_some() && !matches!(i.op(), Op::Close | Op::Return);
                if !is_right {
                    return wrong("a frame that has asked for no metamethod");
                }
                if i.op() == Op::Concat {
                    let left = self.words[base + (i.a() + i.b()) as usize];
                    if !word::is_int(left) || !(1..i64::from(i.b())).contains(&word::to_int(left)) {
                        return wrong("a concatenation of other values");
                    }
                }
                if jumps(i.op()) {
                    self.has_needed(code, base, i.d() as usize, None)?;
                }
                self.has_needed(code, base, pc, None)
            }
        }
    }

    /// Whether the registers hold what the code at `pc` relies on.
    fn has_needed(&self, code: &Code<'_>, base: usize, pc: usize, top: Option<usize>) -> Checked {
        let need = code.image.needs(code.index).before(pc);
        let missing = members(need.boxes).find(|register| !self.is_box(base + register));
        if let Some(register) = missing {
            return Err(Damage::new(base + register, "something else than a captured variable"));
        }
        let is_table = |at: usize| crate::index::is_heap_table(self.words[at]);
        if let Some(register) = members(need.tables).find(|register| !is_table(base + register)) {
            return Err(Damage::new(base + register, "something else than a new table"));
        }
        if need.top != 0 && top.is_none_or(|top| top + 1 < base + need.top as usize) {
            return Err(Damage::new(base - 2, "a frame whose list of values has no end"));
        }
        Ok(())
    }
}

/// Whether the outcome of a metamethod of the operation says where it goes on.
const fn jumps(op: Op) -> bool {
    matches!(op, Op::Eq | Op::Lt | Op::Le | Op::EqK | Op::LtK | Op::LeK | Op::GtK | Op::GeK)
}
