--- program app.test:main
local check = require("check")

-- A store of a process's own ends with the program that filled it.
local function main()
    local found = process.listen("found")
    process.spawn("app.test:first", "app:processes", process.pid())
    check.eq(check.recv(found), true, "what the first program finds when the next one does not start")
    check.eq(check.recv(found), false, "what the second program finds")
end

return {main = main}

--- program app.test:first
local store = require("store")
return {main = function(parent)
    local own = store.open("cache", {shared = false})
    own:set("v", "the first program's")
    assert(process.upgrade("app.test:broken") == nil)
    process.send(parent, "found", own:has("v"))
    process.upgrade("app.test:second", parent)
end}
--- program app.test:broken
error("does not load")
--- program app.test:second
local store = require("store")
return {main = function(parent)
    process.send(parent, "found", store.open("cache", {shared = false}):has("v"))
end}
