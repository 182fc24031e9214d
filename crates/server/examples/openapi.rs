//! Prints the OpenAPI file; `cargo xtask codegen` writes it.
#![forbid(unsafe_code)]

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(procession_server::openapi_json().as_bytes())
}
