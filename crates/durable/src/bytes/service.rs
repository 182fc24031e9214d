//! The forms of what guests ask of the node's services.

use super::tagged::{record, variants};
use procession_environment::{
    Measurement, MetricDefinition, MetricKind, MetricRequest, QueueOperation, QueueOptions,
    QueueRequest, Request, StoreOperation, StoreRequest,
};

record!(MetricDefinition { name, kind, help, buckets });
record!(StoreRequest { store, is_shared, operation });
record!(QueueOptions { deliveries_max, messages_max, dead_letter, ack_timeout_ns });
record!(QueueRequest { queue, operation });

variants!(Request, "a request" {
    0 Variable { name },
    1 Variables,
    2 Metric(request),
    3 Store(request),
    4 Publish { topic, payload },
    5 Subscribe { pattern },
    6 Unsubscribe { pattern },
    7 Queue(request),
});

variants!(MetricKind, "a kind of metric" {
    0 Counter,
    1 Gauge,
    2 Histogram,
});

variants!(Measurement, "a measurement" {
    0 Add(value),
    1 Set(value),
    2 Observe(value),
});

variants!(MetricRequest, "a request to the metrics" {
    0 Define(definition),
    1 Record { name, kind, labels, measurement },
    2 Value { name, labels },
    3 Text,
});

variants!(StoreOperation, "an operation of a store" {
    0 Get { key },
    1 Entry { key },
    2 Set { key, value, ttl_ns },
    3 CompareAndSet { key, version, value, ttl_ns },
    4 Increment { key, by },
    5 Delete { key },
    6 Keys { prefix, count_max },
    7 Count,
    8 Clear,
});

variants!(QueueOperation, "an operation of a queue" {
    0 Declare(options),
    1 Publish { payload, delay_ns },
    2 Ack { delivery },
    3 Nack { delivery, requeue },
    4 Info,
    5 Purge,
});
