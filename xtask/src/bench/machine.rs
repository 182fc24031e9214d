//! Which machine, which versions, which day: without them a number says nothing.

use crate::run;

/// A paragraph about where the numbers come from.
pub(super) fn describe() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name))
        .unwrap_or("unknown processor")
        .to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let first_line = |line: &[&str]| {
        let text = run::captured(line).unwrap_or_default();
        text.lines().next().unwrap_or("not installed").to_owned()
    };
    let date = first_line(&["date", "-u", "+%Y-%m-%d %H:%M UTC"]);
    let system = first_line(&["uname", "-sr"]);
    let rust = first_line(&["rustc", "--version"]);
    let lua = first_line(&["lua5.4", "-v"]);
    let otp = "io:format(\"Erlang/OTP ~s\", [erlang:system_info(otp_release)]), halt().";
    let erlang = first_line(&["erl", "-noshell", "-eval", otp]);
    format!(
        "{date}; {cores} cores of {model}, {system}, load at the end {load}; {rust}; {lua}; {erlang}."
    )
}
