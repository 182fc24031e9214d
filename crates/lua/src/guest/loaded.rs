//! The chunks that a process loaded itself, as images beside those of its program.

use super::{LuaGuest, PureHost};
use crate::chunks::{self, Due};
use crate::image::Image;
use crate::load::{CHUNK_BYTES_MAX, IMAGES_MAX};
use crate::strings::{Strings, Text, is_string};
use crate::turn::ASIDE_WORDS;
use crate::vm::Vm;
use procession_types::Error;
use procession_types::word::{self, Word};
use std::sync::Arc;

/// Words of chunks that a process may load before it is looked for some that it does not use any more.
const SWEEP_WORDS_MIN: usize = 1 << 14;
/// Words of the heap that are looked at for an instruction.
const WORDS_PER_FUEL: usize = 4;

/// See the module.
#[derive(Default)]
pub(crate) struct Loaded {
    /// All images, its program's first; empty while it has loaded nothing. What was given back is an
    /// image without code.
    images: Vec<Arc<Image>>,
    /// Words that the chunks take.
    pub(crate) words: usize,
    /// How many there are.
    count: usize,
    /// The heap's limit without them.
    limit: usize,
}

impl Loaded {
    /// Whether it has loaded nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// When it is looked for some to give back in any case.
    fn least(&self) -> Due {
        Due { words: SWEEP_WORDS_MIN.min(self.limit / 8), count: IMAGES_MAX / 2 }
    }

    /// When it is looked again.
    fn next_due(&self) -> Due {
        let free = IMAGES_MAX.saturating_sub(self.count);
        Due { words: self.least().words.max(2 * self.words), count: self.count + free / 2 }
    }

    /// All images by their numbers, if the program's are these.
    #[inline]
    pub(crate) fn images<'a>(&'a self, program: &'a [Arc<Image>]) -> &'a [Arc<Image>] {
        if self.images.is_empty() { program } else { &self.images }
    }
}

impl LuaGuest {
    /// All images, by their numbers.
    pub(crate) fn images(&self) -> &[Arc<Image>] {
        self.loaded.images(&self.shared.images)
    }

    /// Adds the image of a chunk that it loaded; what it takes is no longer there for the heap. Gives
    /// the fuel that this has cost, beside the compilation.
    pub(super) fn add_image(&mut self, (number, image): (u16, Arc<Image>)) -> i64 {
        self.put_image(number, image);
        let Some(due) = self.due_sweep() else { return 0 };
        let used = self.heap.used();
        if used > ASIDE_WORDS {
            // So large a heap is collected on another thread: soon, when that pays.
            if self.loaded.words > used / 4 || self.loaded.count >= due.count {
                self.heap.threshold = self.heap.threshold.min(used);
            }
            return 0;
        }
        let mut host = PureHost::default();
        let mut vm = Vm::new(&mut self.heap, &self.loaded.images, &mut host, 0, 0);
        // Whether there is memory enough is seen at the next collection, when chunks are gone.
        let live = vm.live_end();
        let _ = vm.collect_below(live, 0);
        vm.save_coroutine();
        let cost = -vm.fuel;
        drop(vm);
        self.sweep(Some(number));
        cost + (self.heap.used() / WORDS_PER_FUEL) as i64
    }

    /// When there should have been another sweep, if so much was loaded since the last one.
    fn due_sweep(&mut self) -> Option<Due> {
        if self.loaded.is_empty() {
            return None;
        }
        let due = chunks::due(&mut self.heap, &self.loaded.images);
        let due = due.unwrap_or_else(|| self.loaded.least());
        (self.loaded.words >= due.words || self.loaded.count >= due.count).then_some(due)
    }

    /// Gives chunks back when it is time; the heap has just been collected.
    pub(super) fn sweep_collected(&mut self) {
        if self.due_sweep().is_some() {
            self.sweep(None);
        }
    }

    fn put_image(&mut self, number: u16, image: Arc<Image>) {
        if self.loaded.is_empty() {
            self.loaded.images.clone_from(&self.shared.images);
            self.loaded.limit = self.heap.limit;
        }
        self.loaded.words += image.words();
        self.loaded.count += usize::from(!image.is_empty());
        match self.loaded.images.get_mut(usize::from(number)) {
            Some(slot) => *slot = image,
            None => self.loaded.images.push(image),
        }
        self.set_limit();
    }

    fn set_limit(&mut self) {
        self.heap.limit = self.loaded.limit.saturating_sub(self.loaded.words);
        self.heap.threshold = self.heap.threshold.min(self.heap.limit);
    }

    /// Gives back the chunks that nothing in the heap refers to, which has just been collected, but for
    /// one that is only about to be used.
    fn sweep(&mut self, newest: Option<u16>) {
        let used = chunks::in_use(&self.heap, self.loaded.images.len());
        let program = self.shared.images.len();
        for (number, _) in used.iter().enumerate().skip(program).filter(|(_, used)| !**used) {
            let image = &self.loaded.images[number];
            if newest != Some(number as u16) && !image.is_empty() {
                self.loaded.words -= image.words();
                self.loaded.count -= 1;
                chunks::forget(&mut self.heap, &self.loaded.images, number as u16);
                self.loaded.images[number] = Arc::default();
            }
        }
        self.set_limit();
        chunks::set_due(&mut self.heap, &self.loaded.images, self.loaded.next_due());
    }

    /// Compiles the chunks that a restored process had loaded.
    ///
    /// # Errors
    /// What the heap says about them is not what any process leaves.
    pub(crate) fn compile_loaded(&mut self) -> Result<(), Error> {
        let list = self.listed()?;
        let limit = self.heap.limit;
        let (mut words, mut largest) = (0, 0);
        for (number, pair) in list.chunks_exact(2).enumerate() {
            let number = (self.shared.images.len() + number) as u16;
            let image = match self.source_of(pair)? {
                None => Image::default(),
                Some((source, name)) => {
                    crate::load::compile_chunk(&source, &name, number).map_err(|_| damaged())?
                }
            };
            words += image.words();
            largest = largest.max(image.words());
            // A process that has passed its limit loads nothing more.
            if words - largest > limit {
                return Err(too_large());
            }
            self.put_image(number, Arc::new(image));
        }
        Ok(())
    }

    /// The list of sources and names, of which there are not more than a process can have loaded.
    fn listed(&self) -> Result<Vec<Word>, Error> {
        let list = chunks::sources(&self.heap).ok_or_else(damaged)?;
        if list.len() % 2 != 0 || self.shared.images.len() + list.len() / 2 > IMAGES_MAX {
            return Err(damaged());
        }
        let mut bytes = 0;
        for pair in list.chunks_exact(2) {
            bytes += self.source_of(pair)?.map_or(0, |(source, _)| source.len());
        }
        if bytes / 8 > self.heap.limit + CHUNK_BYTES_MAX / 8 { Err(too_large()) } else { Ok(list) }
    }

    /// The source and the name of a chunk; `None` when it was given back. No chunk's are in another one.
    fn source_of(&self, pair: &[Word]) -> Result<Option<(Text<'_>, Text<'_>)>, Error> {
        let images = &self.shared.images[..];
        if word::is_int(pair[0]) && pair[1] == word::FALSE {
            return Ok(None);
        }
        let is_sound = |text: &Word| {
            is_string(*text) && crate::snapshot::is_sound_string(&self.heap, images, *text)
        };
        if !pair.iter().all(is_sound) {
            return Err(damaged());
        }
        let [source, name] =
            [pair[0], pair[1]].map(|text| Strings { images }.bytes(&self.heap, text));
        if source.len() > CHUNK_BYTES_MAX { Err(damaged()) } else { Ok(Some((source, name))) }
    }
}

#[cold]
fn damaged() -> Error {
    Error::invalid("snapshot is damaged: its list of loaded chunks")
}

#[cold]
fn too_large() -> Error {
    Error::invalid(
        "snapshot is damaged, or of a process with more memory: its loaded chunks are over the memory limit",
    )
}
