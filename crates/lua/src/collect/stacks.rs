//! Stacks of coroutines. What lies above the frames that are in use is no state of the process, so it
//! is not copied: nil stands there afterwards, whatever was called before. A stack belongs to its
//! coroutine alone, which says how far it is used.

use super::To;
use crate::coroutine::{Pending, PendingKind, field, status};
use crate::heap::{Heap, root};
use crate::image::Image;
use crate::library::is_builtin;
use procession_types::word::{self, Kind, Word};
use std::sync::Arc;

/// Slots that a stack keeps beside twice those that are used.
const SLOTS_SPARE: usize = 64;

/// How far a stack is used, in slots from the stack object on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// What lies here and above is dead.
    pub(crate) live: usize,
    /// The stack must reach so far: to the end of the registers of its innermost frame, at least.
    pub(crate) room: usize,
}

impl Extent {
    /// All of it.
    pub(crate) const WHOLE: Self = Self { live: usize::MAX, room: usize::MAX };

    /// How many slots of a stack are kept: a long one that is hardly used gets shorter.
    pub(crate) fn slots_kept(self, slots: usize) -> usize {
        let wanted = self.live.max(self.room).min(slots + 1) * 2 + SLOTS_SPARE;
        if slots > 2 * wanted { wanted } else { slots }
    }
}

impl Heap {
    /// How far the stack of the running coroutine is used, while the process does not run.
    pub(super) fn running_extent(&self, current: usize, images: &[Arc<Image>]) -> Extent {
        let co = &self.words()[current..=current + field::COUNT];
        self.extent(co, images).unwrap_or(Extent::WHOLE)
    }

    /// How far the stack of a coroutine is used whose object has these words; `None` when it has ended
    /// and needs it no more.
    fn extent(&self, co: &[Word], images: &[Arc<Image>]) -> Option<Extent> {
        let state = word::header_flags(co[0]) & status::MASK;
        let pending = Pending::decode(co[field::PENDING]);
        let waits = matches!(state, status::SUSPENDED | status::NORMAL);
        if waits && pending.kind == PendingKind::Start {
            // Its function, and a task's arguments.
            return Some(Extent::WHOLE);
        }
        if state == status::DEAD && co[field::ERROR] == word::NIL {
            return (co[field::CLOSE] != word::NIL).then_some(Extent::WHOLE);
        }
        let live = if waits {
            // Results will go where the function is that it has called, which a traceback names: what
            // its frame has above that is of no use any more.
            pending.slot as usize + 1
        } else {
            // Of one that died of an error a traceback shows the frames.
            self.frame_end(co, images, word::to_int(co[field::TOP]) as usize)
        };
        let live = live.max(self.marks_end(co));
        let short = Extent { live, room: 0 };
        let slots = word::header_length(self.get(word::index(co[field::STACK]) as usize)) as usize;
        // That it is not to become shorter is mostly plain.
        let room = match short.slots_kept(slots) == slots {
            true => usize::MAX,
            false => self.frame_end(co, images, 0),
        };
        Some(Extent { room, ..short })
    }

    /// The end of the innermost frame, and of an open list of values in it.
    fn frame_end(&self, co: &[Word], images: &[Arc<Image>], top: usize) -> usize {
        let stack = word::index(co[field::STACK]) as usize;
        let base = word::to_int(co[field::BASE]) as usize;
        let callee = self.get(stack + base - 3);
        if is_builtin(callee) {
            // Nothing but its arguments; an open list is whole before a call begins.
            return base + word::to_int(co[field::PC]) as usize;
        }
        let index = word::index(callee) as usize;
        // Only the header of a closure that was copied already is another one.
        let prototype = match word::space(callee) {
            0 => {
                let place = self.get(index + 1);
                &images[(place >> 32) as u16 as usize].prototypes[place as u32 as usize]
            }
            _ => &images[0].prototypes[index],
        };
        top.max(base + prototype.registers as usize)
    }

    /// The end of the variables to be closed.
    fn marks_end(&self, co: &[Word]) -> usize {
        match co[field::CLOSE] {
            word::NIL => 0,
            last => self.get(word::index(last) as usize + 1) as u32 as usize + 1,
        }
    }

    /// Forwards what a coroutine refers to, its stack as far as that is used.
    #[inline(never)]
    pub(super) fn scan_coroutine(&mut self, at: usize, to: &mut To<'_>) {
        let is_running = word::index(to[root::CURRENT]) as usize == at;
        let extent = match &to.words[at..=at + field::COUNT] {
            co if co[field::STACK] == word::NIL => None,
            _ if is_running => Some(to.running),
            co => self.extent(co, to.strings.images),
        };
        match extent {
            Some(extent) => self.copy_stack(at, extent, to),
            None => {
                to[at + field::STACK] = word::NIL;
                for field in [field::BASE, field::TOP, field::PC] {
                    to[at + field] = word::int_wrapping(0);
                }
            }
        }
        for index in at + field::STACK + 1..=at + field::COUNT {
            to[index] = self.forward(to[index], to);
        }
    }

    /// Copies the stack of the coroutine at `at`. Until it is scanned the flags of its header say how
    /// many slots are live: there are no more of them than a link can span.
    fn copy_stack(&mut self, at: usize, extent: Extent, to: &mut To<'_>) {
        let stack = word::index(to[at + field::STACK]) as usize;
        let slots = word::header_length(self.get(stack)) as usize;
        let live = extent.live.min(slots + 1);
        let slots = extent.slots_kept(slots);
        let new = to.append(&self.words()[stack..stack + live]);
        to[new] = word::header(Kind::Stack, live as u32 - 1, slots as u32);
        to.top = new + 1 + slots;
        to.words[new + live..new + 1 + slots].fill(word::NIL);
        self.set(stack, (new as u64) << 32);
        to[at + field::STACK] = word::object(Kind::Stack, new as u32);
        if word::to_int(to[at + field::TOP]) as usize > live {
            to[at + field::TOP] = word::int_wrapping(live as i64);
        }
    }
}
