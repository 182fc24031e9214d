//! How messages name a chunk.

/// Longest name of a chunk in messages, with the zero byte that ends it in PUC Lua.
const NAME_BYTES_MAX: usize = 60;
const PREFIX: &str = "[string \"";
const SUFFIX: &str = "\"]";
const ELLIPSIS: &str = "...";

/// The name for messages: `=name` stands for itself, `@file` for the end of a file's name, any other
/// text for its own first line.
#[must_use]
pub fn chunk_name(chunk: &[u8]) -> String {
    // A name ends where a C string does.
    let chunk = chunk.split(|&byte| byte == 0).next().unwrap_or_default();
    match chunk.split_first() {
        Some((b'=', name)) => lossy(&name[..name.len().min(NAME_BYTES_MAX - 1)]),
        Some((b'@', name)) if name.len() < NAME_BYTES_MAX => lossy(name),
        Some((b'@', name)) => {
            let keep = NAME_BYTES_MAX - ELLIPSIS.len() - 1;
            format!("{ELLIPSIS}{}", lossy(&name[name.len() - keep..]))
        }
        _ => {
            let room = NAME_BYTES_MAX - PREFIX.len() - ELLIPSIS.len() - SUFFIX.len() - 1;
            let line = chunk.split(|&byte| byte == b'\n').next().unwrap_or_default();
            if line.len() == chunk.len() && chunk.len() < room {
                return format!("{PREFIX}{}{SUFFIX}", lossy(chunk));
            }
            format!("{PREFIX}{}{ELLIPSIS}{SUFFIX}", lossy(&line[..line.len().min(room)]))
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
