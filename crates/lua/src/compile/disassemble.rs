//! Text listings of prototypes, for tests and for people.
//!
//! One line per instruction: its index, its source line, the operation and its operands, with
//! constants written out and jumps as `-> index`.

use crate::bytecode::{Instruction, NameKind, Op, Operand, Prototype, Upvalue};
use crate::image::Image;
use procession_types::word::{self, Word};
use std::fmt::Write;

/// The listing of a prototype, without those nested in it.
#[must_use]
pub fn disassemble(prototype: &Prototype, image: &Image) -> String {
    let mut text = String::new();
    header(prototype, &mut text);
    for (pc, (&instruction, line)) in prototype.code.iter().zip(&prototype.lines).enumerate() {
        let operands = operands(instruction, prototype, image);
        let operation = format!("{:?} {operands}", instruction.op());
        // Writing to a string cannot fail.
        let _ = write!(text, "{pc:>4} [{line}] {}", operation.trim_end());
        names(prototype, pc as u32, &mut text);
        text.push('\n');
    }
    text
}

fn header(prototype: &Prototype, text: &mut String) {
    let Prototype { parameters, registers, line_defined, line_last, .. } = prototype;
    let vararg = if prototype.is_vararg { " and more" } else { "" };
    let _ = writeln!(
        text,
        "function at {line_defined}-{line_last}: {parameters} parameters{vararg}, {registers} registers"
    );
    for (upvalue, name) in prototype.upvalues.iter().zip(&prototype.upvalue_names) {
        let source = match upvalue {
            Upvalue::Register(register) => format!("register {register}"),
            Upvalue::Outer(index) => format!("upvalue {index}"),
            Upvalue::Itself => "itself".into(),
        };
        let _ = writeln!(text, "  {name}: {source}");
    }
}

fn names(prototype: &Prototype, pc: u32, text: &mut String) {
    let mut separator = "  ; ";
    for hint in prototype.names.iter().filter(|hint| hint.pc == pc) {
        let kind = match hint.kind {
            NameKind::Local => "local",
            NameKind::Global => "global",
            NameKind::Upvalue => "upvalue",
            NameKind::Field => "field",
            NameKind::Method => "method",
            NameKind::Constant => "constant",
        };
        let side = if hint.operand == Operand::Second { "2: " } else { "" };
        let _ = write!(text, "{separator}{side}{kind} {}", hint.name);
        separator = ", ";
    }
}

/// How an operation uses its operands, in the order of the listing.
fn layout(op: Op) -> &'static str {
    match op {
        Op::LoadK => "aK",
        Op::GetGlobal | Op::SetGlobal | Op::GetField | Op::Method => "abK",
        Op::AddK | Op::SubK | Op::MulK | Op::DivK | Op::ModK | Op::PowK | Op::IDivK => "abK",
        Op::SetField => "aKc",
        Op::LoadBig => "aB",
        Op::LoadNil | Op::Move | Op::GetUp | Op::GetUpBox | Op::SetUpBox => "ab",
        Op::GetBox | Op::SetBox | Op::Unm | Op::Not | Op::Len | Op::BNot | Op::Concat => "ab",
        Op::VarArg | Op::ForInCall => "ac",
        Op::NewBox | Op::Return1 | Op::MarkClose | Op::Close => "a",
        Op::Return0 => "",
        Op::GetIndex | Op::SetIndex | Op::Call | Op::TailCall | Op::Return => "abc",
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Mod | Op::Pow | Op::IDiv => "abc",
        Op::BAnd | Op::BOr | Op::BXor | Op::Shl | Op::Shr => "abc",
        Op::GetInt => "abd",
        Op::SetInt => "adc",
        Op::Jump | Op::Loop => "j",
        Op::Test => "acj",
        Op::TestSet | Op::Eq | Op::Lt | Op::Le => "abcj",
        Op::EqK | Op::LtK | Op::LeK | Op::GtK | Op::GeK => "akcj",
        Op::NewTable | Op::SetList => "abd",
        Op::Closure => "ad",
        Op::ForPrep | Op::ForLoop | Op::ForInPrep | Op::ForInLoop => "aj",
    }
}

fn operands(instruction: Instruction, prototype: &Prototype, image: &Image) -> String {
    let constant = |index: u32| match prototype.constants.get(index as usize) {
        Some(&word) => show(word, image),
        None => format!("K{index}?"),
    };
    let op = instruction.op();
    let mut text = String::new();
    for part in layout(op).chars() {
        let piece = match part {
            'a' => instruction.a().to_string(),
            'b' => instruction.b().to_string(),
            'c' => instruction.c().to_string(),
            'd' => instruction.d().to_string(),
            'j' => format!("-> {}", instruction.d()),
            'k' => constant(instruction.b()),
            'K' => constant(instruction.d()),
            _ => match prototype.big.get(instruction.d() as usize) {
                Some(value) => value.to_string(),
                None => format!("big{}?", instruction.d()),
            },
        };
        let _ = write!(text, "{piece} ");
    }
    text
}

/// A constant as Lua would write it.
fn show(word: Word, image: &Image) -> String {
    if word::is_float(word) {
        return format!("{:?}", word::to_f64(word));
    }
    match word::tag(word) {
        word::TAG_INT => word::to_int(word).to_string(),
        word::TAG_SHORT => {
            let (bytes, length) = word::short_bytes(word);
            quoted(&bytes[..length])
        }
        word::TAG_STRING => long_string(word, image),
        _ => match word {
            word::NIL => "nil".into(),
            word::FALSE => "false".into(),
            word::TRUE => "true".into(),
            _ => format!("{word:#x}"),
        },
    }
}

fn long_string(word: Word, image: &Image) -> String {
    let at = word::index(word) as usize;
    let Some(&header) = image.strings.get(at) else { return "string?".into() };
    let length = word::header_length(header) as usize;
    let words = image.strings.iter().skip(at + 1).take(word::string_words(length));
    let bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).take(length).collect();
    quoted(&bytes)
}

fn quoted(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes))
}
