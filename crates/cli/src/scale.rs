//! `procession scale`: how large a pool shall be.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::one;
use crate::select::WhichServices;
use clap::Args;
use procession_api::{PoolView, ScaleRequest};
use std::io::{Write as _, stdout};

/// What `scale` is told.
#[derive(Debug, Args)]
pub(crate) struct ScaleArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Id of the pool, or the part of it behind the colon
    #[arg(value_name = "POOL")]
    pub(crate) pool: Option<String>,
    /// So many members, or auto: as many as the load wants
    #[arg(value_name = "SIZE")]
    pub(crate) size: Option<String>,
    /// All pools that match, in the place of POOL: state, program, host, supervisor, labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
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
    let words = [&arguments.pool, &arguments.size].into_iter().flatten().cloned();
    let mut words: Vec<String> = words.collect();
    let services = match &arguments.selector {
        Some(_) => Vec::new(),
        None if words.is_empty() => {
            return Err(Failure::usage("nobody says which pool is meant")
                .with_hint("procession scale POOL SIZE, or -l SELECTOR in the place of POOL"));
        }
        None => vec![words.remove(0)],
    };
    if words.len() > 1 {
        return Err(Failure::usage("POOL and -l can't be given at once"));
    }
    let size = words.pop().map(|text| size(&text)).transpose().map_err(|what| {
        Failure::usage(what).with_hint("procession scale POOL SIZE, or -l SELECTOR for POOL")
    })?;
    if size.is_none() && arguments.min.is_none() && arguments.max.is_none() {
        return Err(Failure::usage("a size is required: SIZE, --min or --max"));
    }
    let request = ScaleRequest {
        size: match size {
            Some(Size::Fixed(size)) => Some(size),
            Some(Size::Auto) | None => None,
        },
        auto: size == Some(Size::Auto),
        min_size: arguments.min,
        max_size: arguments.max,
    };
    let (client, format) = arguments.common.client()?;
    // Whatever else matches is no pool.
    let selector = arguments.selector.as_ref().map(|text| format!("{text},kind=pool"));
    let mut shown = String::new();
    let scaled = WhichServices { services, selector }.each(&client, |pool| {
        let scaled = client.scale(pool, &request);
        let scaled = scaled.map_err(|error| failed(&format!("scale {pool}"), &error))?;
        shown.push_str(&one(format, &scaled, text, |it| it.id.clone()));
        Ok(())
    });
    match scaled {
        Ok(()) => Ok(shown),
        Err(failure) => {
            // What was done is told all the same.
            let _ = stdout().write_all(shown.as_bytes());
            Err(failure)
        }
    }
}

fn text(pool: &PoolView) -> String {
    let PoolView { id, size, min_size, max_size, .. } = pool;
    let pinned = match pool.pinned {
        None => "as the load wants".to_owned(),
        Some(wanted) if wanted == *size => format!("set to {wanted}"),
        // A large pool gets there in steps.
        Some(wanted) => format!("set to {wanted}, on its way"),
    };
    format!("{id}: {size} members, {min_size} to {max_size}, {pinned}\n")
}
