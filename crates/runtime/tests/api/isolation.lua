--- program app.test:main
local time = require("time")
local check = require("check")
local eq, good = check.eq, check.good

-- Its own heap, its own globals, nothing shared.
local function main()
    shared = "of main"
    local original = string.upper
    eq(good("app.test:vandal"), "done", "the vandal's result")
    eq(shared, "of main", "a global after the child set one of that name")
    eq(invented, nil, "a global that only the child set")
    eq(string.upper, original, "string.upper after the child replaced its own")
    eq(("abc"):upper(), "ABC", "the string metatable after the child changed its own")
    eq(math.pi > 3, true, "math.pi after the child changed its own")
    eq(type(process.send), "function", "process.send after the child removed its own")
    eq(type(table.insert), "function", "table.insert after the child removed its own")
    eq(good("app.test:victim"), "ABC", "a later process of another program")
    eq(good("app.test:vandal"), "done", "the same program once more")

    -- an argument is a copy: the child changes its own
    local argument = {list = {1, 2, 3}}
    eq(good("app.test:changer", argument), 4, "length of the list after the child appended")
    eq(#argument.list, 3, "length of our list afterwards")

    -- a module is a table of one's own too
    local time = require("time")
    eq(good("app.test:module_vandal"), "done", "the module vandal's result")
    eq(type(time.now), "function", "time.now after the child removed its own")
end

return {main = main}

--- program app.test:vandal
local main = function()
    assert(shared == nil, "a child must not see its parent's globals")
    assert(invented == nil, "a process must not see globals of an earlier process")
    assert(("x"):upper() == "X", "a process must not see library changes of an earlier process")
    shared, invented = "of the child", true
    string.upper = function() return "vandalised" end
    assert(("x"):upper() == "vandalised", "a process may change its own library")
    math.pi = 0
    process.send = nil
    table.insert = nil
    return "done"
end
return {main = main}

--- program app.test:victim
return {main = function() return ("abc"):upper() end}

--- program app.test:changer
return {main = function(t)
    t.list[#t.list + 1] = 4
    return #t.list
end}

--- program app.test:module_vandal
local time = require("time")
return {main = function()
    time.now = nil
    return "done"
end}
