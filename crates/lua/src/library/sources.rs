//! The part of the library that is written in Lua: whatever calls back into the program. Frames of Lua
//! code can wait and be preempted, so these functions may do so anywhere.
//!
//! The files lie beside their halves in Rust and consist of `function name … end` only.
//!
//! | name | what becomes of it |
//! |---|---|
//! | `a__b` | `a.b` of the public library; `process_a__b` is `process.a.b`, `base__b` the global `b` |
//! | `class_a__b` | the method `b` of objects of class a |
//! | `general_a_b` | takes over from the built-in `a.b` when metamethods or functions of the program are in play; arguments have been checked |
//! | others | private |
//!
//! In them, the built-in functions have names of their own (`string_find`), which programs can't change; so
//! have other globals, which are the library's. `ERROR`, `CHANNEL` and so on are the numbers of the classes of
//! objects. Nothing in them may keep state but in the process's heap.

/// All of them as one chunk.
pub(crate) const SOURCE: &str = concat!(
    include_str!("base.lua"),
    include_str!("../finalize.lua"),
    include_str!("coroutine.lua"),
    include_str!("os.lua"),
    include_str!("string.lua"),
    include_str!("math.lua"),
    include_str!("table.lua"),
    include_str!("arguments.lua"),
    include_str!("../errors.lua"),
    include_str!("../process_library/channel.lua"),
    include_str!("../process_library/process.lua"),
    include_str!("../process_library/spawner.lua"),
    include_str!("../process_library/payload.lua"),
    include_str!("../modules/time.lua"),
    include_str!("../modules/fs.lua"),
    include_str!("../modules/ctx.lua"),
    include_str!("../modules/logger.lua"),
    include_str!("../modules/security.lua"),
    include_str!("../modules/json.lua"),
    include_str!("../modules/env.lua"),
    include_str!("../modules/metrics.lua"),
    include_str!("../modules/store.lua"),
    include_str!("../modules/funcs.lua"),
    include_str!("../modules/events.lua"),
    include_str!("../modules/queue.lua"),
    include_str!("../modules/http.lua")
);
