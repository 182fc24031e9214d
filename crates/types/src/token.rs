//! The form of API tokens, `pcn_ID_SECRET`, so that whoever writes texts can leave them out. The id is
//! no secret, and only a hash of the secret is kept anywhere.

use std::borrow::Cow;

/// What every token begins with.
pub const PREFIX: &str = "pcn";
/// Hexadecimal digits of a token's id.
pub const ID_DIGITS: usize = 8;
/// Hexadecimal digits of its secret.
pub const SECRET_DIGITS: usize = 64;

/// The same with the underscore behind it.
const START: [u8; 4] = *b"pcn_";
/// Bytes of a whole token.
const TOKEN_BYTES: usize = START.len() + ID_DIGITS + 1 + SECRET_DIGITS;

/// Puts stars in the place of the secret of every token.
pub fn mask(text: &mut [u8]) {
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(find) {
        let start = from + found;
        from = start + START.len();
        let Some(token) = text.get_mut(start..start + TOKEN_BYTES) else { return };
        let (head, secret) = token.split_at_mut(TOKEN_BYTES - SECRET_DIGITS);
        let id = &head[START.len()..START.len() + ID_DIGITS];
        let is_token =
            id.iter().chain(&*secret).all(u8::is_ascii_hexdigit) && head.last() == Some(&b'_');
        if is_token {
            secret.fill(b'*');
        }
    }
}

/// A text with stars in the place of the secret of every token.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    if find(text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    mask(&mut bytes);
    // Only ASCII was replaced, by ASCII.
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where the start of a token stands first: looks at every fourth byte unless it may be a part of it.
fn find(text: &[u8]) -> Option<usize> {
    let last = START.len() - 1;
    let mut at = last;
    while let Some(&byte) = text.get(at) {
        match START.iter().rposition(|&it| it == byte) {
            Some(place) if place == last => {
                if text[at - last..=at] == START {
                    return Some(at - last);
                }
                at += START.len();
            }
            Some(place) => at += last - place,
            None => at += START.len(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let token = format!("pcn_0123abcd_{}", "9f".repeat(32));
        let stars = format!("pcn_0123abcd_{}", "*".repeat(64));
        for (before, behind) in [
            ("", ""),
            ("Bearer ", "\n"),
            ("pcn_", ""),
            ("p", "p"),
            ("xxpcnpcn_0123_", " and pcn_"),
            ("\u{e9}\u{1f600}", "\u{e9}"),
        ] {
            let text = format!("{before}{token}{behind}");
            assert_eq!(masked(&text), format!("{before}{stars}{behind}"), "{text}");
        }
        assert_eq!(masked(&format!("{token},{token}")), format!("{stars},{stars}"));
        for text in ["", "pcn_", "pcn_0123abcd_", "pcn_0123abcd_12", &format!("PCN{}", &token[3..])]
        {
            assert_eq!(masked(text), text);
        }
        let other = token.replace('f', "g");
        assert_eq!(masked(&other), other);
    }

    #[test]
    fn the_start_is_found_at_every_place() {
        for shift in 0..9 {
            let text = format!("{}pcn_{}", "n".repeat(shift), "c".repeat(8 - shift));
            assert_eq!(find(text.as_bytes()), Some(shift), "{text}");
        }
    }
}
