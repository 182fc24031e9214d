"""Random requests mostly name what is not there: in three of four, what they name is there. And they
wait for long, unless they say how long: whatever waits is told to be short.

Counts what was asked in which phase, and writes that down for `cargo xtask contract`."""

import atexit
import collections
import json
import os
import zlib

import schemathesis
from schemathesis.core.failures import ServerError

PROCESSES = ["contract:service", "contract:ledger", "contract:journal"]
DURABLE = ["contract:journal", "contract:ledger"]
KNOWN = {
    "process": [*PROCESSES, "system:root", "contract:"],
    "service": [*PROCESSES, "contract:workers", "service"],
    "pool": ["contract:workers", "workers"],
    "name": PROCESSES,
    "target": ["contract:spare", "spare", "contract:spare", "contract:service", "node"],
    "deadline": ["1s"],
    "policy": ["contract:everything"],
    "program": ["contract:echo", "contract:fail", "contract:worker", "contract:durable"],
    "to": [*PROCESSES, "contract:workers"],
    "host": ["app:processes"],
    "topic": ["work", "fail"],
    "timeout": ["50ms", "300ms"],
    "interval": ["100ms"],
    "at": [0, 7],
    "from": [0, 3],
}
# What only durable processes have, and only one that stands still.
PAST = ("/history", "/state", "/replay", "/fork", "/snapshots", "/export", "/dry-run", "/restore")
# What a request about a past has to say; with more, by chance, it is mostly refused.
PLAIN = {"/dry-run": {"topic": "work"}}
# What makes a snapshot.
SNAPSHOT = "POST /v1/processes/{process}/snapshots"
# Processes that answers have named, the newest last.
pids = collections.deque(maxlen=20)
# Snapshots that answers have named, each with the process as it was asked for.
snapshots = collections.deque(maxlen=4)
# Processes in files, which nobody could make up.
exports = collections.deque(maxlen=4)
asked = collections.defaultdict(collections.Counter)


def replaced(values, weight, **more):
    """The same values, with some in the place of random ones."""
    result = dict(values)
    for name, value in values.items():
        known = more.get(name) or KNOWN.get(name)
        if known and type(value) is type(known[0]):
            number = weight + zlib.crc32(repr(value).encode())
            if number % 4:
                result[name] = known[number % len(known)]
    return result


@schemathesis.hook
def map_case(context, case):
    operation = case.operation
    weight = sum(asked[operation.label].values())
    processes = KNOWN["process"] + list(pids)
    if operation.path.endswith(PAST):
        processes = DURABLE
    elif operation.path.endswith("/skip"):
        processes = DURABLE[:1]
    if case.path_parameters:
        case.path_parameters = replaced(case.path_parameters, weight, process=processes)
    # Only what waits tells that its time may be over.
    waits = "504" in operation.responses.status_codes
    if isinstance(case.query, dict):
        case.query = replaced(case.query, weight, process=processes)
        if waits and case.method != "POST":
            case.query.setdefault("timeout", "100ms")
    if operation.label == "POST /v1/imports" and exports and weight % 2:
        case.body = exports[-1]
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    if operation.path.endswith(PAST) and is_valid and weight % 3 == 0:
        case.path_parameters["process"] = DURABLE[0]
        case.query = {"timeout": "1s"} if waits and case.method != "POST" else {}
        if isinstance(case.body, dict):
            plain = next((body for end, body in PLAIN.items() if operation.path.endswith(end)), {})
            case.body = {**plain, "timeout": "1s"} if waits else dict(plain)
        if "snapshot" in case.path_parameters and snapshots:
            case.path_parameters.update(snapshots[-1])
        return case
    if isinstance(case.body, dict):
        # Slots, and not processes.
        known = {"to": KNOWN["at"]} if operation.path.endswith("/replay") else {}
        case.body = replaced(case.body, weight, **known)
        if waits:
            case.body.setdefault("timeout", "100ms")
    return case


@schemathesis.hook
def after_call(context, case, response):
    phase = case.meta.phase.name.value if case.meta else "other"
    asked[case.operation.label][f"{phase} {response.status_code}"] += 1
    if response.status_code in (200, 201) and case.operation.label == "POST /v1/processes":
        pids.append(response.json()["pid"])
    if response.status_code == 200 and case.operation.label == SNAPSHOT:
        process = case.path_parameters["process"]
        snapshots.append({"process": process, "snapshot": response.json()["snapshot"]})
    if response.status_code == 200 and case.operation.label.endswith("/export"):
        exports.append(response.content)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A status from 500 on is a failure, unless the route is documented to answer it."""
    is_told = str(response.status_code) in case.operation.responses.status_codes
    return not (isinstance(failure, ServerError) and is_told)


@atexit.register
def write_down():
    with open(os.environ["CONTRACT_ASKED"], "w") as file:
        json.dump(asked, file)
