--- program app.test:main
local news = require("events")
local check = require("check")
local eq, recv = check.eq, check.recv

-- A subscription ends with the program that made it, and lives on when the next one does not start.
local function main()
    local ready, report = process.listen("ready"), process.listen("report")
    local pid = process.spawn("app.test:first", "app:processes", process.pid())
    eq(recv(ready), "first", "the first program")
    eq(news.publish("topic", 1), 1, "the first program has subscribed")
    process.send(pid, "upgrade", "app.test:broken")
    eq(recv(report), "not loaded, then 2 events", "what the first program saw")
    process.send(pid, "upgrade", "app.test:second")
    eq(recv(ready), "second", "the second program")
    eq(recv(report), "inbox empty", "what the second program found")
    eq(news.publish("topic", 3), 0, "nobody listens to the old topic")
    eq(news.publish("other", 4), 1, "the second program has subscribed at its top level")
    eq(recv(report), 4, "what it heard")
end

return {main = main}

--- program app.test:first
local news = require("events")
return {main = function(parent)
    local ch = news.subscribe("topic")
    local orders = process.listen("upgrade")
    process.send(parent, "ready", "first")
    local ok, err = process.upgrade(orders:receive(), parent)
    assert(ok == nil)
    news.publish("topic", 2)
    local count = 0
    while channel.select{ch:case_receive(), default = true}.channel == ch do count = count + 1 end
    process.send(parent, "report", "not loaded, then " .. count .. " events")
    news.publish("topic", "unread")
    process.upgrade(orders:receive(), parent)
end}
--- program app.test:broken
error("does not load")
--- program app.test:second
local news = require("events")
local ch = news.subscribe("other")
return {main = function(parent)
    process.send(parent, "ready", "second")
    local got = channel.select{process.inbox():case_receive(), default = true}
    process.send(parent, "report", got.default and "inbox empty" or "inbox has " .. got.value:topic())
    process.send(parent, "report", ch:receive():payload())
end}
