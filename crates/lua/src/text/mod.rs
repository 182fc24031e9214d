//! The pure text functions of the Lua library: patterns, numbers, `string.format`, UTF-8.
//!
//! Everything here works on plain byte slices, integers and floats. It knows nothing of the VM's
//! heap, its values or its frames, keeps no global state, reads no clock and never panics on any
//! input. The reference for behaviour and error texts is PUC Lua 5.4.4 (Debian's `lua5.4`).
//! Errors are values whose text is what PUC prints after the position, without it.

pub mod cformat;
pub mod class;
pub mod decimal;
pub mod number;
pub mod packing;
pub mod pattern;
pub mod plain;
pub(crate) mod power;
pub mod quote;
pub mod utf8;
