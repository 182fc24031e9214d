//! The way over what the engine can't read: where it can go on.

/// Bytes of a key that are looked at; what lies behind the damage and shares so many bytes with it is
/// given up.
const WIDTH: usize = 24;

type Point = [u8; WIDTH];

/// The smallest key found from which `reads` works again, between a key from which it does not and an
/// open or excluded end, from which it does because nothing is there.
pub(super) fn end(from: &[u8], to: Option<&[u8]>, mut reads: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut low = point(from, 0);
    let mut high = to.map_or([255; WIDTH], |to| point(to, 255));
    while let Some(middle) = middle(&low, &high) {
        if reads(&middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    match to {
        Some(to) if &high[..] > to => to.to_vec(),
        Some(_) | None => high.to_vec(),
    }
}

fn point(key: &[u8], fill: u8) -> Point {
    let mut point = [fill; WIDTH];
    let length = key.len().min(WIDTH);
    point[..length].copy_from_slice(&key[..length]);
    point
}

/// What lies in the middle of two points, as numbers; `None` when nothing does.
fn middle(low: &Point, high: &Point) -> Option<Point> {
    let mut sum = [0_u16; WIDTH];
    let mut carry = 0;
    for at in (0..WIDTH).rev() {
        let digit = u16::from(low[at]) + u16::from(high[at]) + carry;
        sum[at] = digit & 255;
        carry = digit >> 8;
    }
    let mut half = [0; WIDTH];
    for at in 0..WIDTH {
        let digit = (carry << 8) | sum[at];
        half[at] = u8::try_from(digit >> 1).unwrap_or(255);
        carry = digit & 1;
    }
    (half > *low && half < *high).then_some(half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_key;

    #[test]
    fn the_end_of_damage_is_found() {
        let whole = |first: [u8; 16]| move |from: &[u8]| from >= &first[..];
        for (id, n) in [(3, 17), (4, 0), (u64::MAX, 5)] {
            let first = log_key(id, n);
            let found = end(&log_key(3, 2), None, whole(first));
            assert!(found.starts_with(&first), "{found:?}");
        }
        let to = log_key(3, 9);
        assert_eq!(end(&log_key(3, 2), Some(&to), whole(log_key(7, 7))), to);
        assert_eq!(middle(&[0; WIDTH], &[255; WIDTH]).map(|it| it[0]), Some(127));
        assert_eq!(middle(&[255; WIDTH], &[255; WIDTH]), None);
    }
}
