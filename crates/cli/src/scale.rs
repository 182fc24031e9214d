//! `procession scale`: how large a pool shall be.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::one;
use clap::Args;
use procession_api::{PoolView, ScaleRequest};

/// What `scale` is told.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["size", "min", "max"]))]
pub(crate) struct ScaleArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Id of the pool
    pub(crate) pool: String,
    /// So many members, or auto: as many as the load wants
    #[arg(value_parser = size)]
    pub(crate) size: Option<Size>,
    /// Members at least
    #[arg(long, value_name = "COUNT")]
    pub(crate) min: Option<u32>,
    /// Members at most
    #[arg(long, value_name = "COUNT")]
    pub(crate) max: Option<u32>,
}

/// What the size is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Auto,
    Fixed(u32),
}

fn size(text: &str) -> Result<Size, String> {
    if text == "auto" {
        return Ok(Size::Auto);
    }
    text.parse().map(Size::Fixed).map_err(|_| "write a number, or auto".to_owned())
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &ScaleArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let request = ScaleRequest {
        size: match arguments.size {
            Some(Size::Fixed(size)) => Some(size),
            Some(Size::Auto) | None => None,
        },
        auto: arguments.size == Some(Size::Auto),
        min_size: arguments.min,
        max_size: arguments.max,
    };
    let doing = format!("scale {}", arguments.pool);
    let pool = client.scale(&arguments.pool, &request).map_err(|error| failed(&doing, &error))?;
    let text = |it: &PoolView| {
        let pinned =
            it.pinned.map_or_else(|| "as the load wants".to_owned(), |n| format!("set to {n}"));
        format!("{}: {} members, {} to {}, {pinned}\n", it.id, it.size, it.min_size, it.max_size)
    };
    Ok(one(format, &pool, text, |it| it.id.clone()))
}
