//! References to other places, as in the header `location`: RFC 3986, section 5.

/// A reference taken apart; what is after `#` is never sent to anybody.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(reference: &'a str) -> Self {
        let rest = reference.split('#').next().unwrap_or_default();
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (scheme, rest) = match rest.split_once(':').filter(|(name, _)| is_scheme(name)) {
            Some((name, rest)) => (Some(name), rest),
            None => (None, rest),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Self { scheme, authority, path, query }
    }
}

/// The URL that a reference means in an answer from `base`, which is absolute and has a host. The result
/// may be of any scheme, and no URL at all: who uses it looks at it.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let (base, to) = (Parts::of(base), Parts::of(reference));
    let (authority, path, query) = if to.scheme.is_some() || to.authority.is_some() {
        (to.authority, without_dots(to.path), to.query)
    } else if to.path.is_empty() {
        (base.authority, base.path.to_owned(), to.query.or(base.query))
    } else if to.path.starts_with('/') {
        (base.authority, without_dots(to.path), to.query)
    } else {
        let directory = base.path.rfind('/').map_or("/", |end| &base.path[..=end]);
        (base.authority, without_dots(&format!("{directory}{}", to.path)), to.query)
    };
    // With the host of the answer goes its scheme.
    let scheme = to.scheme.or(base.scheme).unwrap_or_default();
    let authority = authority.map(|authority| format!("//{authority}")).unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}:{authority}{path}{query}")
}

/// The text of a header as a reference: bytes that URLs don't have are written as `%XX`, as browsers do.
pub(crate) fn reference(header: &[u8]) -> String {
    let mut text = String::with_capacity(header.len());
    for byte in header.trim_ascii() {
        match byte {
            b'!'..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn is_scheme(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it))
}

/// A path without `.` and `..`, none of which leads above the root.
fn without_dots(path: &str) -> String {
    let Some(rest) = path.strip_prefix('/') else { return path.to_owned() };
    let mut kept = Vec::new();
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => {
                kept.push(other);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of RFC 3986, sections 5.4.1 and 5.4.2, without what is after `#`.
    #[test]
    fn references_are_resolved_as_the_standard_says() {
        for (reference, wanted) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/../x", "http://a/b/c/g"),
            ("http:g", "http:g"),
        ] {
            assert_eq!(resolve("http://a/b/c/d;p?q", reference), wanted, "{reference}");
        }
    }

    #[test]
    fn other_hosts_and_paths_without_an_end_are_resolved() {
        for (base, reference, wanted) in [
            ("http://a", "g", "http://a/g"),
            ("http://a?q", "g", "http://a/g"),
            ("https://a:8/x", "//b:9/y/../z?q", "https://b:9/z?q"),
            ("https://a/x", "http://b", "http://b"),
            ("http://a/b//c", "../g", "http://a/b/g"),
            ("http://a/b", "c:1/d", "c:1/d"),
            ("http://a/b", "./c:1/d", "http://a/c:1/d"),
        ] {
            assert_eq!(resolve(base, reference), wanted, "{reference}");
        }
    }

    #[test]
    fn what_urls_do_not_have_is_encoded() {
        assert_eq!(reference(" /a b/ü%20 ".as_bytes()), "/a%20b/%C3%BC%20");
    }
}
