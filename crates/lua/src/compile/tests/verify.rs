//! What must hold for every prototype that the compiler makes.

use crate::bytecode::{Instruction, Op, Prototype, Upvalue};
use crate::image::Image;

/// Checks the prototypes of an image.
pub(super) fn verify(image: &Image) {
    for prototype in &image.prototypes {
        verify_prototype(prototype, image);
    }
}

fn verify_prototype(prototype: &Prototype, image: &Image) {
    assert_eq!(prototype.code.len(), prototype.lines.len());
    assert!(prototype.registers <= 250);
    assert!(prototype.parameters <= prototype.registers);
    assert!(prototype.names.windows(2).all(|pair| pair[0].pc <= pair[1].pc));
    assert_eq!(prototype.upvalues.len(), prototype.upvalue_names.len());
    let last = prototype.code.last().unwrap().op();
    assert!(matches!(last, Op::Return | Op::Return0 | Op::Return1 | Op::TailCall), "{last:?}");
    for (pc, &instruction) in prototype.code.iter().enumerate() {
        verify_jump(pc as u32, instruction, prototype);
        verify_constants(instruction, prototype);
        verify_registers(instruction, prototype);
        if instruction.op() == Op::Closure {
            let child = &image.prototypes[instruction.d() as usize];
            for upvalue in &child.upvalues {
                match *upvalue {
                    Upvalue::Register(register) => assert!(register < prototype.registers),
                    Upvalue::Outer(index) => {
                        assert!(usize::from(index) < prototype.upvalues.len());
                    }
                    Upvalue::Itself => {}
                }
            }
        }
    }
}

fn verify_jump(pc: u32, instruction: Instruction, prototype: &Prototype) {
    match instruction.op() {
        Op::Loop | Op::ForLoop | Op::ForInLoop => assert!(instruction.d() <= pc),
        Op::Jump
        | Op::Test
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
        | Op::ForInPrep => {
            assert!(instruction.d() > pc);
            assert!((instruction.d() as usize) < prototype.code.len());
        }
        _ => {}
    }
}

fn verify_constants(instruction: Instruction, prototype: &Prototype) {
    let constants = prototype.constants.len() as u32;
    match instruction.op() {
        Op::LoadK
        | Op::GetGlobal
        | Op::SetGlobal
        | Op::GetField
        | Op::SetField
        | Op::Method
        | Op::AddK
        | Op::SubK
        | Op::MulK
        | Op::DivK
        | Op::ModK
        | Op::PowK
        | Op::IDivK => {
            assert!(instruction.d() < constants);
        }
        Op::EqK | Op::LtK | Op::LeK | Op::GtK | Op::GeK => assert!(instruction.b() < constants),
        Op::LoadBig => assert!((instruction.d() as usize) < prototype.big.len()),
        _ => {}
    }
}

/// The registers behind `a` that an operation uses.
fn verify_registers(instruction: Instruction, prototype: &Prototype) {
    let (a, b, c) = (instruction.a(), instruction.b(), instruction.c());
    let end = match instruction.op() {
        Op::Jump | Op::Loop | Op::Return0 | Op::SetUpBox => 0,
        Op::LoadNil => a + b,
        Op::VarArg => a + c.saturating_sub(1).max(1),
        Op::Method => a + 4,
        Op::Call => a + (3 + b.saturating_sub(1)).max(c.saturating_sub(1)),
        Op::TailCall => a + 3 + b.saturating_sub(1),
        Op::Return => a + b.saturating_sub(1),
        Op::Concat => a + b + 1,
        Op::SetList => a + b.max(1),
        Op::ForPrep | Op::ForLoop => a + 4,
        Op::ForInPrep | Op::ForInLoop => a + 9,
        Op::ForInCall => a + 4 + c.max(5),
        _ => a + 1,
    };
    assert!(end <= u32::from(prototype.registers), "{instruction:?} {:?}", instruction.op());
}
