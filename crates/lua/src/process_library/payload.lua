-- Payloads: values of messages.

function payload__new(value) return object(PAYLOAD, value) end
function class_payload__data(self) return object_get(self, PAYLOAD, 1) end
function class_payload__get_format(self) return "lua/any" end
