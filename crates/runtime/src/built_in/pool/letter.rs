//! What is in a dead letter.

use procession_environment::Host;
use procession_supervision::pool::DeadLetter;
use procession_types::{Fragment, FragmentBuilder, word};

/// A table: `pool`, `topic`, `from` (nil without a sender), `attempts`, `error` with `kind` and
/// `message`, and `payload`: the value, or a list of several.
pub(super) fn write(host: &dyn Host, pool: &str, dead: &DeadLetter) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let pool = builder.string(pool.as_bytes());
    let topic = builder.string(dead.message.topic.as_bytes());
    let from = match dead.message.from {
        None => word::NIL,
        Some(pid) => builder.string(&crate::built_in::text(host, pid)),
    };
    let attempts = builder.integer(i64::from(dead.attempts));
    let kind = builder.string(dead.error.kind.name().as_bytes());
    let message = builder.string(dead.error.message.as_bytes());
    let error = builder.record(&[("kind", kind), ("message", message)]);
    let values = builder.include(&dead.message.payload);
    let payload = match values.as_slice() {
        [] => word::NIL,
        [value] => *value,
        values => builder.list(values),
    };
    let letter = builder.record(&[
        ("pool", pool),
        ("topic", topic),
        ("from", from),
        ("attempts", attempts),
        ("error", error),
        ("payload", payload),
    ]);
    builder.finish(&[letter])
}
