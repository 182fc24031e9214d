//! `procession version`.

/// The version as `version` prints it.
pub(crate) fn text() -> String {
    format!("procession {}\n", env!("CARGO_PKG_VERSION"))
}
