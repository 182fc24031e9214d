"""Random requests mostly name what is not there. In three of four, what they name is there."""

import schemathesis

PATHS = {
    "process": ["contract:service", "contract:workers", "system:root", "contract:"],
    "service": ["contract:service", "service", "contract:workers"],
    "pool": ["contract:workers", "workers"],
    "name": ["contract:service"],
    "policy": ["contract:everything"],
}
BODIES = {
    "program": ["contract:echo", "contract:fail", "contract:worker"],
    "to": ["contract:service", "contract:workers"],
    "host": ["app:processes"],
    "timeout": ["50ms", "1s"],
    "topic": ["work"],
}


def replaced(known, values):
    """The same values, with some in the place of random texts; a text decides by itself."""
    result = dict(values)
    for name, value in values.items():
        number = sum(map(ord, value)) if isinstance(value, str) else 0
        if name in known and number % 4:
            result[name] = known[name][number % len(known[name])]
    return result


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return replaced(PATHS, path_parameters) if path_parameters else path_parameters


@schemathesis.hook
def map_body(context, body):
    return replaced(BODIES, body) if isinstance(body, dict) else body
