//! `load`: compiling source text at run time.
//!
//! The chunk becomes an image of the process. Its source is kept in the heap, so that a snapshot can
//! be restored on another node: compiling it again gives the same image.

use crate::chunks;
use crate::compile;
use crate::frame::closure_place;
use crate::heap::Heap;
use crate::image::{Image, ImageBuilder};
use crate::library::library;
use crate::strings::is_string;
use crate::vm::{Args, Flow, Raise, Stop, Vm};
use procession_environment::Dialect;
use procession_types::word::{self, Kind, Word};
use std::sync::Arc;

/// Chunks one process may load.
pub(crate) const IMAGES_MAX: usize = 60_000;
/// Bytes of a chunk: compiling can't be preempted.
pub(crate) const CHUNK_BYTES_MAX: usize = 1 << 20;
/// Bytes of a chunk's name that are looked at; messages show much fewer.
const NAME_BYTES_MAX: usize = 1 << 12;
/// Fuel per byte of a chunk that is compiled.
const FUEL_PER_BYTE: i64 = 8;
/// Bytes per fuel of a chunk that is looked for.
const BYTES_PER_FUEL: usize = 8;

/// `load(text, name, mode, env)`; functions as `text` are gathered by library code in Lua.
pub(crate) fn load(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let mut source = vm.arg(args, 1);
    if vm.number(source).is_some() {
        source = vm.string_arg(args, 1)?;
    }
    for number in [3, 2] {
        if vm.arg(args, number) != word::NIL {
            vm.string_arg(args, number)?;
        }
    }
    if !is_string(source) {
        if vm.type_text(source) == "function" {
            return vm.hand_over(args, "general_load");
        }
        return Err(vm.argument_error(1, "function", source, args));
    }
    if let Some(number) = vm.loaded_image.take() {
        vm.fuel -= vm.strings().length(vm.heap, source) as i64 * FUEL_PER_BYTE;
        let closure = main_closure(vm, number, args);
        return vm.give(args, closure);
    }
    let name = if vm.arg(args, 2) == word::NIL { source } else { vm.string_arg(args, 2)? };
    let mode = if vm.arg(args, 3) == word::NIL { "bt".into() } else { vm.utf8_arg(args, 3)? };
    let length = vm.bytes(source).len();
    let name_length = vm.bytes(name).len();
    vm.reserve(64 + (length + name_length) / 8)?;
    // Chunks of bytecode are refused whatever the mode says.
    let is_binary = vm.bytes(source).first() == Some(&0x1B);
    if is_binary || !mode.contains('t') {
        let kind = if is_binary { "binary" } else { "text" };
        let mode = if is_binary { "t" } else { &mode };
        return failure(vm, args, &format!("attempt to load a {kind} chunk (mode is '{mode}')"));
    }
    if length > CHUNK_BYTES_MAX {
        return failure(vm, args, "chunk is too large");
    }
    // Looking for it means to compare texts.
    vm.fuel -= ((length + name_length) / BYTES_PER_FUEL) as i64;
    if let Some(number) = chunks::known(vm.heap, vm.images, (source, name)) {
        let closure = main_closure(vm, number, args);
        return vm.give(args, closure);
    }
    let text = vm.bytes(source).to_vec();
    let chunk_name = shown(&vm.bytes(name)).to_vec();
    let number = chunks::next(vm.heap, vm.images);
    let Some(number) = number.filter(|&number| usize::from(number) < IMAGES_MAX) else {
        return failure(vm, args, "too many loaded chunks");
    };
    match compile_chunk(&text, &chunk_name, number) {
        Err(error) => {
            vm.fuel -= text.len() as i64 * FUEL_PER_BYTE;
            failure(vm, args, &error.message)
        }
        Ok(image) => {
            chunks::keep(vm.heap, vm.images, number, (source, name));
            vm.new_image = Some((number, Arc::new(image)));
            Err(Raise::Stop(Stop::NewImage))
        }
    }
}

/// What of a chunk's name messages may show.
fn shown(name: &[u8]) -> &[u8] {
    &name[..name.len().min(NAME_BYTES_MAX)]
}

/// The image of a chunk that a process loads itself.
pub(crate) fn compile_chunk(
    text: &[u8],
    name: &[u8],
    number: u16,
) -> Result<Image, compile::SyntaxError> {
    let mut builder = ImageBuilder::new(number, Some(&library().strings));
    let chunk_name = String::from_utf8_lossy(shown(name));
    let compiled = compile::compile(text, &chunk_name, Dialect::Plain, &mut builder)?;
    let (mut image, _) = builder.finish();
    crate::link::link(&mut image, library());
    image.source_bytes = text.len();
    image.modules.push(("".into(), compiled.main));
    image.env_is_boxed.push(compiled.env_is_boxed);
    Ok(image)
}

fn failure(vm: &mut Vm<'_>, args: Args, message: &str) -> Result<Flow, Raise> {
    let text = vm.heap.string(message.as_bytes());
    vm.give_all(args, &[word::NIL, text])
}

/// The closure of a loaded chunk with its environment.
fn main_closure(vm: &mut Vm<'_>, number: u16, args: Args) -> Word {
    let env = if args.count >= 4 {
        vm.arg(args, 4)
    } else {
        crate::library::table_word(crate::library::number::GLOBALS)
    };
    module_closure(vm.heap, &vm.images[number as usize], number, 0, env)
}

/// A closure of a module's main chunk.
pub(crate) fn module_closure(
    heap: &mut Heap,
    image: &crate::image::Image,
    number: u16,
    module: usize,
    env: Word,
) -> Word {
    let (_, prototype) = image.modules[module];
    let env = if image.env_is_boxed[module] {
        let at = heap.allocate(2);
        heap.set(at, word::header(Kind::Box, 0, 1));
        heap.set(at + 1, env);
        word::object(Kind::Box, at as u32)
    } else {
        env
    };
    let at = heap.allocate(3);
    heap.set(at, word::header(Kind::Closure, 0, 2));
    heap.set(at + 1, closure_place(number, prototype));
    heap.set(at + 2, env);
    word::make(word::TAG_FUNCTION, 0, at as u32)
}
