--- program app.test:main
local check = require("check")
local eq = check.eq

-- A PID of the form {node@host|id} that names a node which cannot be reached: Unavailable, retryable.
-- The id is our own, so everything about it but the node is valid.
local function main()
    local foreign = process.pid():gsub("^{", "{elsewhere@")
    local calls = {
        send = function() return process.send(foreign, "topic", 1) end,
        terminate = function() return process.terminate(foreign) end,
        cancel = function() return process.cancel(foreign) end,
    }
    for name, call in pairs(calls) do
        local ok, err = call()
        eq(ok, nil, name .. " to an unreachable node")
        assert(err, name .. " to an unreachable node: wanted an error, got none")
        eq(err:kind(), errors.UNAVAILABLE, name .. ": kind")
        eq(err:retryable(), true, name .. ": retryable")
    end

    -- it was not mistaken for ourselves
    local got = channel.select{process.inbox():case_receive(), default = true}
    eq(got.default, true, "a message to another node must not arrive here; default")
    got = channel.select{process.events():case_receive(), default = true}
    eq(got.default, true, "a cancel of a process elsewhere must not arrive here; default")
    return "still alive"
end

return {main = main}
