//! How long the API takes to answer, asked through its Unix socket on one connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const REQUEST: &[u8] = b"GET /v1/processes?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks until it is told to stop; nanoseconds that each answer took.
pub(super) fn ask(socket: &Path, stop: &AtomicBool) -> Result<Vec<f64>, String> {
    let failed = |error: std::io::Error| format!("the API did not answer: {error}");
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let mut answers = BufReader::new(stream.try_clone().map_err(failed)?);
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        stream.write_all(REQUEST).map_err(failed)?;
        answer(&mut answers)?;
        times.push(start.elapsed().as_nanos() as f64);
        std::thread::sleep(PAUSE);
    }
    Ok(times)
}

/// Reads one whole answer, which must be a full page.
fn answer(from: &mut BufReader<UnixStream>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the API did not answer: {error}");
    let mut line = String::new();
    from.read_line(&mut line).map_err(failed)?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(format!("the API answers {line}"));
    }
    let mut bytes = None;
    loop {
        line.clear();
        from.read_line(&mut line).map_err(failed)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            bytes = value.trim().parse().ok();
        }
    }
    let bytes: usize = bytes.ok_or("the API's answer has no length")?;
    let mut body = vec![0; bytes];
    from.read_exact(&mut body).map_err(failed)?;
    let page: serde_json::Value =
        serde_json::from_slice(&body).map_err(|error| format!("the API's answer: {error}"))?;
    let count = page["items"].as_array().map_or(0, Vec::len);
    if count == 100 { Ok(()) } else { Err(format!("the API lists {count} processes, not 100")) }
}
