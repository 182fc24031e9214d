--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, recv = check.eq, check.fails, check.raises, check.recv

local http = require("http")
local env = require("env")

local BASE = env.get("WEB")             -- a server of the test, granted
local DENIED = errors.PERMISSION_DENIED

local function good(response, err)
    assert(response, "wanted an answer, got " .. tostring(err))
    return response
end

local function main()
    -- get: status, headers, body, URL
    local r = good(http.get(BASE .. "/hello"))
    eq(r.status, 200, "status") eq(r.body, "hello", "body") eq(r.url, BASE .. "/hello", "url")
    eq(r.headers["content-type"], "text/plain", "a header")
    eq(r.headers["x-a"], "1, 2", "headers of one name")
    r = good(http.get(BASE .. "/status/404"))
    eq(r.status, 404, "a status that is no success is an answer") eq(r.body, "as you wish", "with its body")
    eq(good(http.get(BASE .. "/status/500")).status, 500, "also a fault of the server")

    -- what is sent
    for name, method in pairs{get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"} do
        r = good(http[name](BASE .. "/echo?a=1&b=%20"))
        if name == "head" then
            eq(r.body, "", "the body of HEAD")
        else
            eq(r.body:match("^(.-)\n"), method .. " /echo?a=1&b=%20", name)
            assert(not r.body:find("chunked"), "without a body nothing is sent in chunks: " .. r.body)
        end
    end
    r = good(http.post(BASE .. "/echo", {body = "a\0b\xff", headers = {["X-One"] = "1", ["x-many"] = {"2", 3}}}))
    eq(r.body:match("\n\n(.*)$"), "a\0b\xff", "the body that was sent")
    assert(r.body:find("\nx%-one: 1\n"), "a header: " .. r.body)
    assert(r.body:find("\nx%-many: 2\n") and r.body:find("\nx%-many: 3\n"), "several of one name: " .. r.body)
    assert(r.body:find("\ncontent%-length: 4\n"), "its length: " .. r.body)
    assert(r.body:find("\nuser%-agent: procession/"), "who asks: " .. r.body)
    eq(good(http.request("options", BASE .. "/echo")).body:match("^(.-)\n"), "OPTIONS /echo", "request with a method")
    eq(good(http.put(BASE .. "/echo", {body = ""})).body:match("\n\n(.*)$"), "", "an empty body")
    local large = ("0123456789"):rep(300000)
    eq(good(http.post(BASE .. "/echo", {body = large})).body:match("\n\n(.*)$"), large, "three megabytes there and back")

    -- redirects
    r = good(http.get(BASE .. "/redirect/302/hello"))
    eq(r.status, 200, "a redirect is followed") eq(r.url, BASE .. "/hello", "to here")
    eq(good(http.get(BASE .. "/redirect/302/redirect/301/hello")).body, "hello", "two of them")
    r = good(http.get(BASE .. "/redirect/302/hello", {redirects = 0}))
    eq(r.status, 302, "not followed") eq(r.headers.location, "/hello", "where it leads")
    eq(good(http.get(BASE .. "/loop", {redirects = 3})).status, 302, "not followed for ever")
    r = good(http.post(BASE .. "/redirect/303/echo", {body = "x", headers = {["content-type"] = "text/plain"}}))
    eq(r.body:match("^(.-)\n"), "GET /echo", "303 becomes GET")
    assert(not r.body:find("content%-type"), "without what belongs to the body: " .. r.body)
    r = good(http.post(BASE .. "/redirect/307/echo", {body = "x"}))
    eq(r.body:match("^(.-)\n"), "POST /echo", "307 keeps the method") eq(r.body:match("\n\n(.*)$"), "x", "and the body")
    r = good(http.put(BASE .. "/redirect/301/echo", {body = "x"}))
    eq(r.body:match("^(.-)\n"), "PUT /echo", "301 of PUT keeps the method") eq(r.body:match("\n\n(.*)$"), "x", "and the body")
    for reference, target in pairs{["echo?a"] = "/echo?a", ["?q"] = "/moved?q", ["./x/../../echo"] = "/echo",
        [BASE:gsub("^http:", "") .. "/echo"] = "/echo"} do
        r = good(http.get(BASE .. "/moved?to=" .. reference))
        eq(r.body:match("^(.-)\n"), "GET " .. target, "redirected to " .. reference)
        eq(r.url, BASE .. target, "where " .. reference .. " leads")
    end
    r = good(http.get(BASE .. "/moved?to=//not-granted.example/echo"))
    eq(r.status, 302, "a host without a scheme is a host")
    r = good(http.get(BASE .. "/redirect/302/to:not-granted.example"))
    eq(r.status, 302, "a redirect to a host that is not granted is not followed")
    eq(r.headers.location, "http://not-granted.example/hello", "where it leads")

    -- time
    local before = time.now()
    local late = fails(errors.TIMEOUT, "an answer that does not come", http.get(BASE .. "/hold?secret", {timeout = "30ms"}))
    eq(late:message(), BASE .. "/hold: no complete answer within 30ms", "what has taken too long")
    eq(late:retryable(), true, "it may be tried again")
    late = fails(errors.TIMEOUT, "no time at all", http.get(BASE .. "/hold", {timeout = 0}))
    eq(late:message(), BASE .. "/hold: no complete answer within 0 ns", "what has taken too long")
    assert(time.now() - before < 5000000000, "it must not take long")
    -- others go on meanwhile
    local done = channel.new()
    coroutine.spawn(function() local _, err = http.get(BASE .. "/hold", {timeout = "2s"}) done:send(err:kind()) end)
    for i = 1, 20 do
        coroutine.spawn(function() done:send(good(http.get(BASE .. "/hello")).body) end)
    end
    for i = 1, 20 do eq(recv(done, "answer " .. i), "hello", "while another one waits") end
    eq(recv(done, "the one that waits"), errors.TIMEOUT, "and that one ends")

    -- limits
    eq(#good(http.get(BASE .. "/bytes/100000", {body_max = 100000})).body, 100000, "as large as allowed")
    local err = fails(errors.UNAVAILABLE, "a body too large", http.get(BASE .. "/bytes/100001", {body_max = 100000}))
    eq(err:details().limit, "message_size", "its limit")
    fails(errors.INVALID, "a body too large to send", http.post(BASE .. "/echo", {body = ("x"):rep((16 << 20) + 1)}))

    err = fails(errors.INVALID, "a header too large", http.get(BASE .. "/echo", {headers = {["x-large"] = ("x"):rep(1 << 20)}}))
    eq(err:message(), 'header "x-large" is larger than 65536 bytes', "which header, and its limit")
    eq(good(http.get(BASE .. "/echo", {headers = {["x-large"] = ("x"):rep(60000)}})).status, 200, "a large header")
    fails(errors.INVALID, "a method too long", http.request(("x"):rep(65), BASE .. "/echo"))

    -- what goes wrong outside
    err = fails(errors.UNAVAILABLE, "an answer that is none", http.get(BASE .. "/garbage"))
    for _, path in ipairs{"/cut", "/cut-chunk", "/silent"} do
        err = fails(errors.UNAVAILABLE, path, http.get(BASE .. path .. "?secret"))
        eq(err:message(), BASE .. path .. ": the server closed the connection before the answer was complete", path)
        eq(err:retryable(), true, "it may be tried again")
    end
    err = fails(errors.UNAVAILABLE, "nobody is there", http.get(env.get("NOBODY")))
    eq(err:retryable(), true, "it may be tried again")
    err = fails(DENIED, "https to a host that is not granted", http.get("https://127.0.0.1/"))
    assert(err:message():find("--grant http:127.0.0.1:443", 1, true), "it must say what to do: " .. err:message())

    -- what is not granted
    err = fails(DENIED, "another host", http.get("http://not-granted.example/"))
    assert(err:message():find("--grant http:not-granted.example:80", 1, true), "it must say what to do: " .. err:message())
    fails(DENIED, "another port", http.get((BASE:gsub(":%d+$", ":1"))))
    fails(DENIED, "the same machine by another name", http.get((BASE:gsub("127.0.0.1", "localhost"))))

    -- mistakes
    for _, url in ipairs{"", "/hello", "ftp://127.0.0.1/", "http://", "http://user:secret@127.0.0.1/", "http://127.0.0.1:x/", "http://a b/"} do
        err = fails(errors.INVALID, "URL '" .. url .. "'", http.get(url))
        assert(not err:message():find("secret", 1, true), "no secrets in messages: " .. err:message())
    end
    fails(errors.INVALID, "no URL", http.get())
    raises("a table as URL", "string expected, got table", http.get, {})
    raises("options that are none", "table expected", http.get, BASE, 1)
    fails(errors.INVALID, "no method", http.request())
    raises("a table as method", "string expected", http.request, {}, BASE)
    for _, method in ipairs{"", "GET IT", "connect", "trace"} do
        fails(errors.INVALID, "method '" .. method .. "'", http.request(method, BASE))
    end
    for _, options in ipairs{{body = 1}, {unknown = 1}, {timeout = "soon"}, {timeout = "1h"}, {body_max = -1}, {body_max = "x"},
        {body_max = 1 << 40}, {redirects = 21}, {headers = "x"}, {headers = {"x"}}, {headers = {a = {{}}}},
        {headers = {["a b"] = "1"}}, {headers = {a = "1\r\nb: 2"}}, {headers = {host = "other"}},
        {headers = {["Content-Length"] = "1"}}, {headers = {["transfer-encoding"] = "chunked"}}} do
        fails(errors.INVALID, "an option", http.get(BASE .. "/hello", options))
    end
end

return {main = main}
