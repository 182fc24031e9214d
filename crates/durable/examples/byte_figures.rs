//! What byte forms cost: nanoseconds to write and to read one, and its bytes.
#![allow(clippy::print_stdout, reason = "it is run by people")]

use procession_durable::bytes::{Bytes, Reader};
use procession_environment::{Request, StoreOperation, StoreRequest};
use procession_types::{Error, Fragment, FragmentBuilder, Message, Pid, Timestamp, word};
use std::hint::black_box;
use std::time::Instant;

/// Rounds of a batch, and batches. The fastest batch counts, since others use the machine too.
const ROUNDS: u32 = 2_000;
const BATCHES: u32 = 500;

/// Nanoseconds that it takes.
fn fastest(mut deed: impl FnMut()) -> f64 {
    let batch = || {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            deed();
        }
        started.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    };
    std::iter::repeat_with(batch).take(BATCHES as usize).fold(f64::INFINITY, f64::min)
}

fn figure<T: Bytes>(name: &str, value: &T) {
    let mut out = Vec::new();
    let put = fastest(|| {
        out.clear();
        black_box(value).put(black_box(&mut out));
    });
    let take = fastest(|| {
        let taken = T::take(&mut Reader::new(black_box(&out)));
        assert!(black_box(taken).is_ok(), "{name} is not read");
    });
    println!("{name:<32} put {put:>7.1} ns   take {take:>7.1} ns   {:>5} bytes", out.len());
}

fn fragment(build: impl FnOnce(&mut FragmentBuilder) -> Vec<word::Word>) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let values = build(&mut builder);
    builder.finish(&values)
}

fn main() {
    let pid = Pid { host: 0, shard: 1, epoch: 1_790_000_000, slot: 4711, generation: 2 };
    let one = fragment(|_| vec![word::int_wrapping(5)]);
    figure("nil", &Fragment::nil());
    figure("an integer", &one);
    figure("three words", &fragment(|b| vec![b.string(b"add"), b.integer(700), word::TRUE]));
    figure("string of 11 bytes", &fragment(|b| vec![b.string(b"hello world")]));
    let transfer = fragment(|b| {
        let fields = [
            ("op", b.string(b"transfer")),
            ("to", b.string(b"account:12")),
            ("amount", b.integer(500)),
        ];
        vec![b.record(&fields)]
    });
    figure("record of 3 fields", &transfer);
    figure(
        "list of 100 integers",
        &fragment(|b| {
            let items: Vec<_> = (0..100).map(|n| b.integer(n)).collect();
            vec![b.list(&items)]
        }),
    );
    figure("string of 1 KB", &fragment(|b| vec![b.string(&[b'x'; 1024])]));
    figure("string of 300 bytes", &fragment(|b| vec![b.string(&[b'x'; 300])]));
    figure("string of 64 KB", &fragment(|b| vec![b.string(&[b'x'; 65536])]));
    figure(
        "message of an integer",
        &Message { topic: "inc".into(), from: Some(pid), payload: one },
    );
    figure(
        "message of a record",
        &Message { topic: "ledger.transfer".into(), from: Some(pid), payload: transfer },
    );
    figure("pid", &pid);
    figure("time", &Timestamp(1_790_000_000_000_000_000));
    figure("reply: done", &Ok::<(), Error>(()));
    figure("reply: an error", &Err::<(), Error>(Error::not_found("no process has the name x")));
    let operation = StoreOperation::Increment { key: b"hits".to_vec(), by: 1 };
    figure(
        "request to a store",
        &Request::Store(StoreRequest { store: "counts".into(), is_shared: true, operation }),
    );
}
