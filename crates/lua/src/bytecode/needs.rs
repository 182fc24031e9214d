//! What code relies on without looking: which registers hold boxes or tables, and how far `top` lies.
//!
//! The interpreter never asks whether a captured variable's register holds a box: the compiler has
//! put one there. A frame that comes from another machine's snapshot may say otherwise, so it is
//! found out from the code what must hold at the instruction where the frame goes on. That is done
//! backwards: what an instruction needs itself, and what those that follow it need, as far as it does
//! not provide that. Made when a snapshot first asks, and kept with the prototype.

use super::{Instruction, Op, Prototype, Upvalue};
use crate::image::Image;

/// A set of registers or upvalues.
pub(crate) type Registers = [u64; 4];

/// What must hold before an instruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// These registers hold boxes.
    pub(crate) boxes: Registers,
    /// These hold tables of the heap.
    pub(crate) tables: Registers,
    /// `top` lies at least so many slots above the one before R0; 0: wherever.
    pub(crate) top: u32,
}

impl Need {
    /// Adds what another one asks for; says whether that was more.
    fn add(&mut self, other: &Self) -> bool {
        let before = *self;
        for (own, other) in self.boxes.iter_mut().zip(other.boxes) {
            *own |= other;
        }
        for (own, other) in self.tables.iter_mut().zip(other.tables) {
            *own |= other;
        }
        self.top = self.top.max(other.top);
        *self != before
    }
}

/// What must hold before each instruction of a function: from a start on, up to the next one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Needs(Vec<(u32, Need)>);

impl Needs {
    /// What must hold before instruction `pc`.
    pub(crate) fn before(&self, pc: usize) -> Need {
        let next = self.0.partition_point(|&(start, _)| start as usize <= pc);
        next.checked_sub(1).map_or_else(Need::default, |found| self.0[found].1)
    }
}

/// The members of a set.
pub(crate) fn members(set: Registers) -> impl Iterator<Item = usize> {
    set.into_iter().enumerate().flat_map(|(word, mut bits)| {
        std::iter::from_fn(move || {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            (bit < 64).then_some(64 * word + bit)
        })
    })
}

fn insert(set: &mut Registers, member: u32) {
    set[member as usize / 64 % 4] |= 1 << (member % 64);
}

fn remove(set: &mut Registers, member: u32) {
    set[member as usize / 64 % 4] &= !(1 << (member % 64));
}

fn has(set: &Registers, member: usize) -> bool {
    set[member / 64 % 4] >> (member % 64) & 1 != 0
}

impl Image {
    /// Which upvalues of a prototype are boxes: those that it, or a function in it, uses as such.
    pub(crate) fn boxed_upvalues(&self, prototype: usize) -> Registers {
        let of = &self.prototypes[prototype];
        *of.boxed.get_or_init(|| {
            let mut boxed = [0; 4];
            for i in &of.code {
                match i.op() {
                    Op::GetUpBox => insert(&mut boxed, i.b()),
                    Op::SetUpBox => insert(&mut boxed, i.a()),
                    Op::Closure => self.each_boxed(i.d() as usize, |upvalue| {
                        if let Upvalue::Outer(outer) = upvalue {
                            insert(&mut boxed, u32::from(outer));
                        }
                    }),
                    _ => {}
                }
            }
            boxed
        })
    }

    /// Where a prototype's boxed upvalues come from.
    fn each_boxed(&self, prototype: usize, mut each: impl FnMut(Upvalue)) {
        let boxed = self.boxed_upvalues(prototype);
        let upvalues = self.prototypes[prototype].upvalues.iter().enumerate();
        upvalues.filter(|(number, _)| has(&boxed, *number)).for_each(|(_, &upvalue)| each(upvalue));
    }

    /// See [`Needs`].
    pub(crate) fn needs(&self, prototype: usize) -> &Needs {
        let of = &self.prototypes[prototype];
        of.needs.get_or_init(|| {
            let before = self.find_needs(of);
            let mut runs: Vec<(u32, Need)> = Vec::new();
            for (pc, need) in before.into_iter().enumerate() {
                if runs.last().map_or_else(Need::default, |last| last.1) != need {
                    runs.push((pc as u32, need));
                }
            }
            Needs(runs)
        })
    }

    fn find_needs(&self, of: &Prototype) -> Vec<Need> {
        let code = &of.code;
        let mut jumps = vec![Vec::new(); code.len()];
        for (pc, i) in code.iter().enumerate() {
            if let (Some(target), _) = successors(*i)
                && let Some(from) = jumps.get_mut(target)
            {
                from.push(pc);
            }
        }
        let mut before = vec![Need::default(); code.len()];
        let mut is_waiting = vec![true; code.len()];
        let mut waiting: Vec<usize> = (0..code.len()).collect();
        while let Some(pc) = waiting.pop() {
            is_waiting[pc] = false;
            let i = code[pc];
            let (target, falls_through) = successors(i);
            let mut need = Need::default();
            for next in target.into_iter().chain(falls_through.then_some(pc + 1)) {
                need.add(before.get(next).unwrap_or(&Need::default()));
            }
            provide(i, &mut need);
            self.ask(i, &mut need);
            if before[pc].add(&need) {
                let falls_here = pc.checked_sub(1).filter(|&pc| successors(code[pc]).1);
                for from in falls_here.into_iter().chain(jumps[pc].iter().copied()) {
                    if !std::mem::replace(&mut is_waiting[from], true) {
                        waiting.push(from);
                    }
                }
            }
        }
        before
    }

    /// What an instruction relies on itself.
    fn ask(&self, i: Instruction, need: &mut Need) {
        let is_open = i.b() == 0;
        match i.op() {
            Op::GetBox => insert(&mut need.boxes, i.b()),
            Op::SetBox => insert(&mut need.boxes, i.a()),
            Op::Closure => self.each_boxed(i.d() as usize, |upvalue| {
                if let Upvalue::Register(register) = upvalue {
                    insert(&mut need.boxes, u32::from(register));
                }
            }),
            Op::Call | Op::TailCall if is_open => need.top = i.a() + 4,
            Op::Return if is_open => need.top = i.a() + 1,
            Op::SetList => {
                insert(&mut need.tables, i.a());
                if is_open {
                    need.top = i.a() + 2;
                }
            }
            _ => {}
        }
    }
}

/// Takes away what an instruction makes.
fn provide(i: Instruction, need: &mut Need) {
    match i.op() {
        Op::NewBox => remove(&mut need.boxes, i.a()),
        Op::NewTable => remove(&mut need.tables, i.a()),
        Op::Call | Op::VarArg if i.c() == 0 => need.top = 0,
        Op::TailCall => need.top = 0,
        _ => {}
    }
}

/// Where an instruction jumps to, if it can, and whether it goes on with the next one, if it can.
fn successors(i: Instruction) -> (Option<usize>, bool) {
    let target = Some(i.d() as usize);
    match i.op() {
        Op::Jump | Op::Loop | Op::ForInPrep => (target, false),
        Op::Test
        | Op::TestSet
        | Op::Eq
        | Op::Lt
        | Op::Le
        | Op::EqK
        | Op::LtK
        | Op::LeK
        | Op::GtK
        | Op::GeK
        | Op::ForPrep
        | Op::ForLoop
        | Op::ForInLoop => (target, true),
        Op::Return | Op::Return0 | Op::Return1 => (None, false),
        _ => (None, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use crate::image::ImageBuilder;
    use procession_environment::Dialect;

    fn image(source: &str) -> Image {
        let mut builder = ImageBuilder::new(1, None);
        compile::compile(source.as_bytes(), "=test", Dialect::Plain, &mut builder)
            .expect("compiles");
        builder.finish().0
    }

    #[test]
    fn a_captured_variable_is_needed_while_it_is_in_use() {
        let image = image("local x = 1 x = 2 local function f() x = x + 1 end f() return x");
        let main = image.prototypes.len() - 1;
        let calls = image.prototypes[main].code.iter().position(|i| i.op() == Op::Call);
        let need = image.needs(main).before(calls.expect("a call"));
        assert_eq!(members(need.boxes).count(), 1);
        assert_eq!(image.needs(main).before(0), Need::default());
        let last = image.prototypes[main].code.len() - 1;
        assert_eq!(image.needs(main).before(last), Need::default());
        assert_eq!(members(image.boxed_upvalues(0)).count(), 1);
    }

    #[test]
    fn open_lists_need_their_end() {
        let image = image("local f = ... f(1, f()) return {f(...)}");
        let main = image.prototypes.len() - 1;
        let code = &image.prototypes[main].code;
        for (pc, i) in code.iter().enumerate() {
            let is_open = matches!(i.op(), Op::Call | Op::SetList) && i.b() == 0;
            assert_eq!(image.needs(main).before(pc).top != 0, is_open, "{i:?}");
        }
        let lists = code.iter().position(|i| i.op() == Op::SetList).expect("a list");
        assert_eq!(members(image.needs(main).before(lists).tables).count(), 1);
    }

    #[test]
    fn what_a_loop_needs_is_needed_at_its_start() {
        let image = image(
            "local n = 0 local g = function() n = n + 1 end
             while n < 3 do g() while true do if n then break end end end",
        );
        let main = image.prototypes.len() - 1;
        let code = &image.prototypes[main].code;
        for (pc, i) in code.iter().enumerate() {
            if i.op() == Op::Loop {
                let need = image.needs(main).before(i.d() as usize);
                assert_eq!(members(need.boxes).count(), 1, "{pc}");
            }
        }
    }
}
