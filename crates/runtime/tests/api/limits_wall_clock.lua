--- config wall_clock=1s

--- expect exit=error kind=Unavailable message=wall_clock

--- program app.test:main
-- The main process may live for a second; waiting does not keep it alive, and trapping events does not.
local time = require("time")

local function main()
    local started = time.now()
    process.set_options{trap_links = true}
    assert(process.send(process.pid(), "before", "in time"))
    local message = process.inbox():receive()
    assert(message:payload() == "in time", "wanted our own message, got " .. tostring(message:payload()))
    coroutine.spawn(function()
        while true do
            pcall(function() process.events():receive() end)
            assert(time.now() - started < 60000000000, "a minute is over: the limit of 1s was not enforced")
        end
    end)
    coroutine.spawn(function()
        -- ends normally, and so fails the test, when nobody stops it
        time.sleep("60s")
        process.send(process.pid(), "too late")
    end)
    process.inbox():receive()
    return "ended normally"
end

return {main = main}
