//! Large states in pages: what changed since an older state is written, and compressed.
//!
//! The heap of a Lua process stays where it is between two collections, and a collection brings what has
//! not changed back to the same place as a rule. So pages are compared with those at the same places, and
//! even a page that has changed is mostly what it was: it is compressed with the older one as the
//! dictionary. `docs/decisions/0015-snapshots.md` has the figures.

use lz4_flex::block::{compress, compress_into_with_dict, decompress_into};
use lz4_flex::block::{decompress_into_with_dict, get_maximum_output_size};
use procession_durable::snapshot::{PAGE_BYTES, PageHash, PageRef};
use std::collections::{HashMap, HashSet};

/// The bytes of a page as they lie in the store, by its hash; `None` when they can't be read.
pub(crate) type Stored<'a> = &'a mut dyn FnMut(&PageHash) -> Option<Vec<u8>>;

/// Pages with the bytes that are to lie in the store.
pub(crate) type NewPages = Vec<(PageHash, Vec<u8>)>;

/// A state cut into pages.
pub(crate) struct Cut {
    pub(crate) pages: Vec<PageRef>,
    /// Those that are not in the store yet, as they are to lie there.
    pub(crate) new: NewPages,
}

pub(crate) fn hash(page: &[u8]) -> PageHash {
    let mut half = PageHash::default();
    half.copy_from_slice(&blake3::hash(page).as_bytes()[..16]);
    half
}

/// Cuts a state. `older` are the pages of an older state, place by place; `known` are all pages that are
/// in the store and will stay there.
pub(crate) fn cut(
    state: &[u8],
    older: &[PageRef],
    known: &HashMap<PageHash, PageRef>,
    stored: Stored<'_>,
) -> Cut {
    let mut cut = Cut { pages: Vec::with_capacity(state.len() / PAGE_BYTES + 1), new: Vec::new() };
    let mut made: HashMap<PageHash, PageRef> = HashMap::new();
    for (at, page) in state.chunks(PAGE_BYTES).enumerate() {
        let hash = hash(page);
        if let Some(page) = known.get(&hash).or_else(|| made.get(&hash)) {
            cut.pages.push(*page);
            continue;
        }
        let base = older.get(at).map(|older| older.base.unwrap_or(older.hash));
        let base = base.and_then(|base| Some((base, whole(&stored(&base)?, PAGE_BYTES)?)));
        let (base, bytes) = packed(page, base);
        let page = PageRef { hash, base };
        made.insert(hash, page);
        cut.pages.push(page);
        cut.new.push((hash, bytes));
    }
    cut
}

/// A page as it is to lie in the store, and its base.
fn packed(page: &[u8], base: Option<(PageHash, Vec<u8>)>) -> (Option<PageHash>, Vec<u8>) {
    let alone = compress(page);
    if let Some((base, content)) = base {
        let mut over = vec![0; get_maximum_output_size(page.len())];
        // With a base, two values must be read to have the page: that must be worth it.
        if let Ok(length) = compress_into_with_dict(page, &mut over, &content)
            && length < alone.len() / 2
        {
            over.truncate(length);
            return (Some(base), over);
        }
    }
    (None, alone)
}

/// A page that has no base.
fn whole(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut page = vec![0; length];
    let read = decompress_into(bytes, &mut page).ok()?;
    page.truncate(read);
    Some(page)
}

/// The state of which these are the pages; an error is the page that is missing or damaged.
pub(crate) fn joined(
    length: usize,
    pages: &[PageRef],
    stored: Stored<'_>,
) -> Result<Vec<u8>, PageHash> {
    let mut bases: HashMap<PageHash, Vec<u8>> = HashMap::new();
    let mut state = vec![0; length];
    let mut places = state.chunks_mut(PAGE_BYTES);
    for page in pages {
        let damaged = || page.hash;
        let place = places.next().ok_or_else(damaged)?;
        let bytes = stored(&page.hash).ok_or_else(damaged)?;
        let read = match page.base {
            None => decompress_into(&bytes, place),
            Some(base) => {
                if let std::collections::hash_map::Entry::Vacant(vacant) = bases.entry(base) {
                    let content = stored(&base).and_then(|bytes| whole(&bytes, PAGE_BYTES));
                    vacant.insert(content.filter(|it| hash(it) == base).ok_or(base)?);
                }
                decompress_into_with_dict(&bytes, place, &bases[&base])
            }
        };
        if read.ok() != Some(place.len()) || hash(place) != page.hash {
            return Err(page.hash);
        }
    }
    match places.next() {
        None => Ok(state),
        Some(_) => Err(PageHash::default()),
    }
}

/// All pages that are needed for these.
pub(crate) fn needed<'a>(pages: impl IntoIterator<Item = &'a PageRef>) -> HashSet<PageHash> {
    pages.into_iter().flat_map(|page| [Some(page.hash), page.base]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pages = HashMap<PageHash, Vec<u8>>;

    fn state(pages: usize, seed: u64) -> Vec<u8> {
        let mut next = seed;
        let mut byte = || {
            next = next.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            (next >> 60) as u8
        };
        (0..pages * PAGE_BYTES + 1234).map(|_| byte()).collect()
    }

    fn store(cut: &Cut, into: &mut Pages) -> usize {
        into.extend(cut.new.iter().cloned());
        cut.new.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn known(cuts: &[&Cut]) -> HashMap<PageHash, PageRef> {
        cuts.iter().flat_map(|cut| cut.pages.iter().map(|page| (page.hash, *page))).collect()
    }

    #[test]
    fn what_has_not_changed_is_not_written_again() {
        let (mut stored, mut now) = (Pages::new(), state(20, 7));
        let first = cut(&now, &[], &HashMap::new(), &mut |_| None);
        let all = store(&first, &mut stored);
        assert_eq!((first.pages.len(), first.new.len()), (21, 21));
        now[5 * PAGE_BYTES + 77] ^= 1;
        now.extend([9; PAGE_BYTES]);
        let second = cut(&now, &first.pages, &known(&[&first]), &mut |it| stored.get(it).cloned());
        let more = store(&second, &mut stored);
        // The one in the middle, the one that was the last and is full now, and the one after it.
        assert_eq!((second.pages.len(), second.new.len()), (22, 3));
        assert!(
            second.pages[5].base == Some(first.pages[5].hash) && more < all / 10,
            "{more}/{all}"
        );
        now[5 * PAGE_BYTES + 78] ^= 1;
        let third =
            cut(&now, &second.pages, &known(&[&first, &second]), &mut |it| stored.get(it).cloned());
        store(&third, &mut stored);
        assert_eq!(third.pages[5].base, Some(first.pages[5].hash), "a base has none itself");
        let back = joined(now.len(), &third.pages, &mut |it| stored.get(it).cloned());
        assert!(back == Ok(now.clone()));
        // Only what is needed is read.
        let needed = needed(&third.pages);
        assert!(needed.contains(&first.pages[5].hash) && !needed.contains(&second.pages[5].hash));
        stored.retain(|hash, _| needed.contains(hash));
        let back = joined(now.len(), &third.pages, &mut |it| stored.get(it).cloned());
        assert!(back == Ok(now));
    }

    #[test]
    fn same_pages_of_one_state_are_one() {
        let cut = cut(&vec![3; 10 * PAGE_BYTES], &[], &HashMap::new(), &mut |_| None);
        assert_eq!((cut.pages.len(), cut.new.len()), (10, 1));
    }

    #[test]
    fn a_page_that_is_damaged_or_missing_is_named() {
        let mut stored = Pages::new();
        let mut now = state(3, 1);
        let first = cut(&now, &[], &HashMap::new(), &mut |_| None);
        store(&first, &mut stored);
        now[9] ^= 1;
        let second = cut(&now, &first.pages, &known(&[&first]), &mut |it| stored.get(it).cloned());
        store(&second, &mut stored);
        let base = second.pages[0].base.unwrap();
        for (damaged, named) in [
            (second.pages[0].hash, second.pages[0].hash),
            (base, base),
            (second.pages[3].hash, second.pages[3].hash),
        ] {
            let other = compress(&[7; 99]);
            for bytes in [None, Some(Vec::new()), Some(vec![0xFF; 50]), Some(other)] {
                let mut changed = stored.clone();
                match bytes {
                    None => drop(changed.remove(&damaged)),
                    Some(bytes) => drop(changed.insert(damaged, bytes)),
                }
                let back = joined(now.len(), &second.pages, &mut |it| changed.get(it).cloned());
                assert_eq!(back, Err(named));
            }
        }
        for length in [0, now.len() - 1234, now.len() + PAGE_BYTES] {
            assert!(joined(length, &second.pages, &mut |it| stored.get(it).cloned()).is_err());
        }
    }
}
