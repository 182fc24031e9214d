-- collectgarbage and its options, warn, coroutine.close, and to-be-closed variables.
print(pcall(collectgarbage,"bogus")) print(pcall(collectgarbage,5)) print(pcall(collectgarbage,{})) print(pcall(collectgarbage,nil))
print(collectgarbage("isrunning"), collectgarbage("stop"), collectgarbage("isrunning"), collectgarbage("restart"), collectgarbage("isrunning"))
print(collectgarbage("incremental"), collectgarbage("generational"), collectgarbage("generational"), collectgarbage("incremental"), collectgarbage("incremental", 100, 200, 10))
print(pcall(collectgarbage,"setpause","x")) print(pcall(collectgarbage,"step","x")) print(pcall(collectgarbage,"incremental","x")) print(pcall(collectgarbage,"generational","x"))print(pcall(collectgarbage,"step",1.5))
print(select('#',collectgarbage("count")), select("#", collectgarbage("collect", 1, 2)), type(collectgarbage("step", 100000)))
print(pcall(collectgarbage,"")) print(pcall(collectgarbage,"Collect"))
-- warn
print(pcall(warn)) print(pcall(warn,nil)) print(pcall(warn,{})) print(pcall(warn,"x",{})) print(pcall(warn,1,2)) print(pcall(warn,"a",nil)) print(select("#",warn("@off"))) print(pcall(warn, "@on")) print(pcall(warn,"@bogus")) print(pcall(warn, "@off"))
-- coroutine.close
print(pcall(coroutine.close)) print(pcall(coroutine.close, 1)) print(pcall(coroutine.close, coroutine.running()))
local co = coroutine.create(function() local x <close> = setmetatable({},{__close=function(_,e) print("closing",e) error("in close") end}) coroutine.yield(1) end)
print(coroutine.resume(co)) print(coroutine.close(co)) print(coroutine.status(co)) print(coroutine.close(co)) print(coroutine.resume(co))
co = coroutine.create(function() error({}) end) print(coroutine.resume(co)==false) print(select("#",coroutine.close(co)), coroutine.close(co))
co = coroutine.create(function() error("msg") end) coroutine.resume(co) print(coroutine.close(co)) print(coroutine.close(co))
co = coroutine.wrap(function() local a <close> = setmetatable({},{__close=function(_,e) print("c1",e) error("e1",0) end}) local b <close> = setmetatable({},{__close=function(_,e) print("c2",e) error("e2",0) end}) error("e0",0) end) print(pcall(co))
print(pcall(function() local a <close> = setmetatable({},{__close=function(_,e) print("c1",e) error("e1") end}) local b <close> = setmetatable({},{__close=function(_,e) print("c2",e) error("e2") end}) error("e0") end))
print(pcall(function() local a <close> = 5 end)) print(pcall(function() local a <close> = {} end)) print(pcall(function() local a <close> = nil local b <close> = false return 1,2,3 end))
print(pcall(function() local a <close> = setmetatable({},{__close=5}) end)) print(pcall(function() local a <close> = setmetatable({},{__close=function() end}) getmetatable(a).__close=nil end)) 
print(pcall(function() for k in pairs, {}, nil, setmetatable({}, {__close=function() print "for closed" end}) do break end end))
print(pcall(function() for k in next, {1}, nil, setmetatable({}, {__close=function() print "for closed" end}) do error("x",0) end end))
print(pcall(function() for k in next, {1}, nil, 5 do end end))
local function f() local x <close> = setmetatable({},{__close=function() print("x") end}) return (function() return 1,2 end)() end print(f())
goto done do local y <close> = setmetatable({},{__close=function() print("y") end}) end ::done::
for i=1,3 do local z <close> = setmetatable({},{__close=function(_,e) print("z",i,e) end}) if i==2 then goto cont end print("body",i) ::cont:: end
do local i=0 ::top:: local w <close> = setmetatable({},{__close=function() print("w",i) end}) i=i+1 if i<3 then goto top end end
co=coroutine.wrap(function() local x <close> = setmetatable({},{__close=function() coroutine.yield("in close") print("after yield") end}) return "ret" end) print(co()) print(co())
