//! The interpreter loop.
//!
//! Every instruction has at most two parts. The *short way*, a method of [`Run`], does the usual case
//! on nothing but the words of the heap: it never allocates, calls or raises, so the machine's
//! registers stay in those of the processor. What it can't do it leaves as it was and gives back
//! `None`; then the *long way*, a method of `Vm`, does the whole instruction from its start. Both
//! parts of a family of instructions stand in one file under `interpret/`.

mod arithmetic;
mod calls;
mod compare;
mod fields;
mod loops;
mod moves;
mod objects;
mod run;

use crate::bytecode::{Instruction, Prototype, number as op};
use crate::library::is_builtin;
use crate::vm::{Raise, Vm};
use run::{Function, Run, Shared};

/// What a short way did: `None` is nothing at all.
type Done = Option<()>;

/// Where it goes on after a long way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// In the same frame.
    Step,
    /// In whatever frame the machine's registers say.
    Frame,
}

impl<'a> Vm<'a> {
    /// Runs until something other than an instruction ends it.
    ///
    /// # Errors
    /// Says what that was. During an instruction `pc` is that of the next one.
    pub(crate) fn steps(&mut self) -> Result<(), Raise> {
        let shared = Shared { images: self.images, library: self.library };
        loop {
            let callee = self.heap.get(self.base - 3);
            if is_builtin(callee) {
                self.run_builtin_frame()?;
                continue;
            }
            let mut function = Function::new(self.prototype(callee));
            loop {
                let mut run = Run::new(self, shared, function);
                let i = run.short_ways();
                function = run.function;
                run.registers().save(self);
                let next = match i.0 as u8 {
                    op::Call => self.call(i)?,
                    _ => self.long_way(function.prototype, i)?,
                };
                self.pay();
                if next == Next::Frame {
                    break;
                }
            }
        }
    }

    /// Executes one instruction of a function, whatever it takes.
    #[inline(never)]
    fn long_way(&mut self, of: &'a Prototype, i: Instruction) -> Result<Next, Raise> {
        match i.0 as u8 {
            op::LoadBig => self.load_big(of, i),
            op::VarArg => self.load_varargs(i),
            op::NewBox => self.new_box(i),
            op::GetGlobal => self.get_global(of, i),
            op::SetGlobal => self.set_global(of, i),
            op::GetField => self.get_field(of, i),
            op::Method => self.get_method(of, i),
            op::SetField => self.set_field(of, i),
            op::GetIndex => self.get_index(i),
            op::SetIndex => self.set_index_of(i),
            op::GetInt => self.get_int(i),
            op::SetInt => self.set_int(i),
            op::TailCall => self.call_last(i),
            op::Return => self.close_and_return(i),
            op::Return0 => self.leave(i, 0),
            op::Return1 => self.leave(i, 1),
            op::Eq => self.compare_equal(i),
            op::EqK => self.compare_constant(of, i),
            op::Lt | op::Le | op::LtK | op::LeK | op::GtK | op::GeK => self.compare_order(of, i),
            op::Len => self.length(i),
            op::Concat => self.concatenate(i),
            op::NewTable => self.make_table(i),
            op::SetList => self.fill_table(i),
            op::Closure => self.make_closure(i),
            op::Loop => self.jump_back(i),
            op::ForPrep => self.prepare_loop(i),
            op::ForLoop => self.count_loop(i),
            op::ForInPrep => self.prepare_iteration(i),
            op::ForInCall => self.call_iterator(i),
            op::ForInLoop => self.iterate(i),
            op::MarkClose => self.mark_variable(i),
            op::Close => self.close_variables(i),
            op::Add | op::Sub | op::Mul | op::Div | op::Mod | op::Pow | op::IDiv => {
                self.operate(i, self.r(i.c()))
            }
            op::AddK | op::SubK | op::MulK | op::DivK | op::ModK | op::PowK | op::IDivK => {
                self.operate(i, of.constants[i.d() as usize])
            }
            op::BAnd | op::BOr | op::BXor | op::Shl | op::Shr => self.operate(i, self.r(i.c())),
            op::Unm | op::BNot => self.operate(i, self.r(i.b())),
            _ => unreachable!("the compiler emits known operations, and the others are done"),
        }
    }
}

impl Run<'_, '_> {
    /// Executes instructions up to one that has to take its long way, which is given back.
    #[inline(always)]
    fn short_ways(&mut self) -> Instruction {
        loop {
            let i = self.fetch();
            let done = match i.0 as u8 {
                op::Move => self.copy(i),
                op::LoadK => self.load(i),
                op::LoadNil => self.load_nil(i),
                op::VarArg => self.load_varargs(i),
                op::GetUp => self.get_upvalue(i),
                op::GetUpBox => self.get_upvalue_box(i),
                op::SetUpBox => self.set_upvalue_box(i),
                op::NewBox => self.new_box(i),
                op::GetBox => self.get_box(i),
                op::SetBox => self.set_box(i),

                op::GetGlobal => self.get_global(i),
                op::GetField => self.get_field(i),
                op::SetField => self.set_field(i),
                op::GetIndex => self.get_index(i),
                op::SetIndex => self.set_index(i),
                op::GetInt => self.get_int(i),
                op::Method => self.method(i),

                op::Call => self.call(i),
                op::TailCall => self.call_last(i),
                op::Return => self.return_many(i),
                op::Return0 => self.return_none(),
                op::Return1 => self.return_one(i),

                op::Jump => self.jump(i),
                op::Loop => self.jump_back(i),
                op::Test => self.test(i),
                op::TestSet => self.test_set(i),
                op::Eq => self.equal(i),
                op::EqK => self.equal_constant(i),
                op::Lt => self.compare(i, self.r(i.b()), |x, y| x < y, |x, y| x < y),
                op::Le => self.compare(i, self.r(i.b()), |x, y| x <= y, |x, y| x <= y),
                op::LtK => self.compare(i, self.k(i.b()), |x, y| x < y, |x, y| x < y),
                op::LeK => self.compare(i, self.k(i.b()), |x, y| x <= y, |x, y| x <= y),
                op::GtK => self.compare(i, self.k(i.b()), |x, y| x > y, |x, y| x > y),
                op::GeK => self.compare(i, self.k(i.b()), |x, y| x >= y, |x, y| x >= y),

                op::Add => self.add(i, self.r(i.c())),
                op::Sub => self.subtract(i, self.r(i.c())),
                op::Mul => self.multiply(i, self.r(i.c())),
                op::Div => self.divide(i, self.r(i.c())),
                op::Mod => self.modulo(i, self.r(i.c())),
                op::IDiv => self.divide_down(i, self.r(i.c())),
                op::AddK => self.add(i, self.k(i.d())),
                op::SubK => self.subtract(i, self.k(i.d())),
                op::MulK => self.multiply(i, self.k(i.d())),
                op::DivK => self.divide(i, self.k(i.d())),
                op::ModK => self.modulo(i, self.k(i.d())),
                op::IDivK => self.divide_down(i, self.k(i.d())),
                op::BAnd => self.bits(i, |x, y| x & y),
                op::BOr => self.bits(i, |x, y| x | y),
                op::BXor => self.bits(i, |x, y| x ^ y),
                op::Unm => self.negate(i),
                op::Not => self.not(i),
                op::Len => self.length(i),

                op::NewTable => self.new_table(i),
                op::Closure => self.new_closure(i),

                op::ForPrep => self.prepare_loop(i),
                op::ForLoop => self.count_loop(i),
                op::ForInLoop => self.iterate(i),
                _ => None,
            };
            if done.is_none() {
                std::hint::cold_path();
                return i;
            }
        }
    }
}
