--- config payload=wrapped
--- program app.test:main
local function main()
    local me, inbox = process.pid(), process.inbox()

    assert(process.send(me, "t", { list = { 1, 2 } }))
    local got = inbox:receive():payload()
    assert(type(got) == "userdata", "a wrapper")
    assert(got:get_format() == "lua/any")
    assert(got:data().list[2] == 2)
    assert(got:data() == got:data(), "one table, not a copy per call")

    -- A wrapper that is sent on arrives as one wrapper, however many there were.
    assert(process.send(me, "t", got))
    assert(inbox:receive():payload():data().list[1] == 1)
    assert(process.send(me, "t", payload.new(payload.new(7))))
    assert(inbox:receive():payload():data() == 7)
    assert(process.send(me, "t", { inner = got, again = got }))
    local both = inbox:receive():payload():data()
    assert(both.inner == both.again and both.inner.list[1] == 1, "inside of a table it is the value")
    assert(process.send(me, "t", { payload.new(5), payload.new("text"), payload.new(false), n = payload.new(1.5) }))
    local plain = inbox:receive():payload():data()
    assert(plain[1] == 5 and plain[2] == "text" and plain[3] == false and plain.n == 1.5, "also where that is no table")

    -- Several values, and none.
    assert(process.send(me, "t", 1, nil, 3))
    assert(inbox:receive():payload():data()[3] == 3)
    assert(process.send(me, "t"))
    assert(inbox:receive():payload():data() == nil)

    -- What can't be sent is named through the wrapper.
    local ok, err = process.send(me, "t", payload.new({ f = print }))
    assert(ok == nil and tostring(err):find("data().f: cannot send a function", 1, true), tostring(err))

    -- A listener yields the value itself.
    local topic = process.listen("plain")
    assert(process.send(me, "plain", 5))
    assert(topic:receive() == 5)
end

return { main = main }
--- expect
normal=true
