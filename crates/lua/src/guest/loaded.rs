//! The chunks that a process loaded itself, as images beside those of its program.

use super::LuaGuest;
use crate::image::Image;
use crate::load::{CHUNK_BYTES_MAX, IMAGES_MAX};
use crate::strings::Strings;
use procession_types::Error;
use std::sync::Arc;

/// See the module.
#[derive(Default)]
pub(crate) struct Loaded {
    /// All images, its program's first; empty while it has loaded nothing.
    images: Vec<Arc<Image>>,
    /// Words that the chunks take.
    pub(crate) words: usize,
}

impl Loaded {
    /// Whether it has loaded nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty()
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

    /// Adds the image of a chunk that it loaded; what it takes is no longer there for the heap.
    pub(super) fn add_image(&mut self, image: Arc<Image>) {
        if self.loaded.is_empty() {
            self.loaded.images.clone_from(&self.shared.images);
        }
        let words = image.words();
        self.loaded.words += words;
        self.heap.limit = self.heap.limit.saturating_sub(words);
        self.heap.threshold = self.heap.threshold.min(self.heap.limit);
        self.loaded.images.push(image);
    }

    /// Compiles the chunks that a restored process had loaded.
    ///
    /// # Errors
    /// What the heap says about them is not what any process leaves.
    pub(crate) fn compile_loaded(&mut self) -> Result<(), Error> {
        let damaged = || Error::invalid("snapshot is damaged: its list of loaded chunks");
        let list = crate::load::sources(&self.heap).ok_or_else(damaged)?;
        if list.len() % 2 != 0 {
            return Err(damaged());
        }
        for pair in list.chunks_exact(2) {
            let [source, name] = [pair[0], pair[1]].map(|text| {
                let images = self.images();
                crate::snapshot::is_sound_string(&self.heap, images, text)
                    .then(|| Strings { images }.bytes(&self.heap, text).to_vec())
            });
            let (Some(source), Some(name)) = (source, name) else { return Err(damaged()) };
            let count = self.images().len();
            if count >= IMAGES_MAX || source.len() > CHUNK_BYTES_MAX {
                return Err(damaged());
            }
            let number = count as u16;
            let image =
                crate::load::compile_chunk(&source, &name, number).map_err(|_| damaged())?;
            self.add_image(Arc::new(image));
        }
        Ok(())
    }
}
