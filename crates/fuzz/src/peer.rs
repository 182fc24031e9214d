//! Running programs with PUC Lua: many of them in one process of `lua5.4`.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Runs each program it reads, protected, and puts the globals back in order between them.
const DRIVER: &str = r##"
local read, write, pcall, load, tostring, type = io.read, io.write, pcall, load, tostring, type
local pairs, rawset, rawget, rawlen = pairs, rawset, rawget, rawlen
local collect, metatable = collectgarbage, debug.setmetatable
local end_mark, file, count = read("l"), read("l"), read("n", "l")
io.stdout:setvbuf("full")
local kept = {}
for _, name in ipairs { "string", "table", "math", "coroutine", "utf8" } do
  kept[_G[name]] = {}
end
local strings = getmetatable("")
kept[_G], kept[strings] = {}, {}
for _, name in ipairs { "io", "package", "require", "dofile", "loadfile", "arg" } do _G[name] = nil end
debug = { traceback = debug.traceback }
string.dump = nil
for place, fields in pairs(kept) do
  for name, value in pairs(place) do fields[name] = value end
end
for _ = 1, count do
  local size = read("n", "l")
  local source = read(size)
  read("l")
  local chunk, message = load(source, "@" .. file, "t")
  local ok
  if chunk then ok, message = pcall(chunk) end
  if not ok then
    if type(message) ~= "string" then message = "an error object" end
    write("ended: ", message, "\n")
  end
  metatable("", strings)
  for place, fields in pairs(kept) do
    for name in pairs(place) do if fields[name] == nil then rawset(place, name, nil) end end
    for name, value in pairs(fields) do rawset(place, name, value) end
  end
  collect("restart")
  collect("incremental")
  write("\n", end_mark, "\n")
end
"##;

/// Ends the output of each program.
const END_MARK: &str = "---- 8< ---- end of program ----";
/// What one batch may take.
const BATCH_TIMEOUT: Duration = Duration::from_secs(20);
/// What one program may take.
const SINGLE_TIMEOUT: Duration = Duration::from_secs(3);
/// Memory of the process, in KiB.
const MEMORY_KIB_MAX: &str = "4000000";

/// How a program ended there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// What it printed, with the error that ended it on the last line, if one did.
    Printed(String),
    /// It took too long or too much memory, so there is nothing to compare with.
    Nothing,
}

/// Whether the reference is there.
#[must_use]
pub fn is_there() -> bool {
    let mut command = Command::new("lua5.4");
    command.arg("-v").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs programs, in order.
pub(crate) fn run_all(sources: &[&[u8]]) -> Vec<Run> {
    let together = attempt(sources, BATCH_TIMEOUT);
    if together.len() == sources.len() {
        return together;
    }
    // One of them takes too long or ends the process: each alone.
    sources.iter().map(|source| run(source)).collect()
}

/// Runs one program.
pub(crate) fn run(source: &[u8]) -> Run {
    attempt(&[source], SINGLE_TIMEOUT).pop().unwrap_or(Run::Nothing)
}

/// Runs programs until the time is over; fewer results than programs when not all of them ended.
fn attempt(sources: &[&[u8]], timeout: Duration) -> Vec<Run> {
    let Ok(mut child) = start() else { return Vec::new() };
    let mut input = format!("{END_MARK}\n{}\n{}\n", crate::ours::FILE, sources.len()).into_bytes();
    for source in sources {
        input.extend_from_slice(format!("{}\n", source.len()).as_bytes());
        input.extend_from_slice(source);
        input.push(b'\n');
    }
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // A process that ends early does not read it all.
        stdin.map(|mut stdin| stdin.write_all(&input))
    });
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = stdout.map(|mut stdout| stdout.read_to_end(&mut bytes));
        let _ = sender.send(result.is_some().then_some(bytes));
    });
    let output = receiver.recv_timeout(timeout).ok().flatten();
    let _ = child.kill();
    let _ = child.wait();
    let Some(output) = output else { return Vec::new() };
    let text = String::from_utf8_lossy(&output);
    let mark = format!("\n{END_MARK}\n");
    let mut runs: Vec<Run> = text.split(&mark).map(printed).collect();
    runs.pop();
    runs
}

fn printed(text: &str) -> Run {
    if text.contains("not enough memory") {
        return Run::Nothing;
    }
    Run::Printed(text.to_owned())
}

fn start() -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", "ulimit -v \"$2\"; exec lua5.4 -e \"$1\"", "sh", DRIVER, MEMORY_KIB_MAX])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}
