-- os.time, os.date and os.difftime with fixed times, in UTC.
local plain, pending = print, ""
local io = { write = function(...) pending = pending .. table.concat { ... } end }
local function print(...)
  local before = pending
  pending = ""
  if before ~= "" then plain(before, ...) else plain(...) end
end
for _,f in ipairs{"%a","%A","%b","%B","%c","%C","%d","%D","%e","%F","%g","%G","%h","%H","%I","%j","%m","%M","%n","%p","%r","%R","%S","%t","%T","%u","%U","%V","%w","%W","%x","%X","%y","%Y","%z","%Z","%%","%Ec","%EC","%Ex","%EX","%Ey","%EY","%Od","%Oe","%OH","%OI","%Om","%OM","%OS","%Ou","%OU","%OV","%Ow","%OW","%Oy"} do print(f, pcall(os.date, "!"..f, 86400*400+3661)) end
for _,f in ipairs{"%s","%k","%l","%P","%+","%E","%O","%Ez","%Oz","%","%Q","%i","%5d","abc%","%E%","\0x","%\0"} do print(f, pcall(os.date, "!"..f, 0)) end
print(pcall(os.date,"!%c",2^60)) print(pcall(os.date,"!%c",67767976233532799)) print(pcall(os.date,"!%c",67767976233532800)) print(pcall(os.date,"!%F",67767976233532799))
local function shown(...) local r = table.pack(pcall(os.date, ...)) if type(r[2]) == "table" then for _, k in ipairs { "year", "month", "day", "hour", "min", "sec", "wday", "yday", "isdst" } do io.write(k, "=", tostring(r[2][k]), " ") end r[2] = "" end print(r[1], r[2]) end shown("*t", 67768036191676799) shown("!*t", 67768036191676800) shown("!*t", -67768040609740800) shown("!*t", -67768040609740801) shown("!*t", 0) shown("*t\0x", 86400) shown("*tx", 86400) shown("*", 1) shown("!!%Y", 1) shown("%Z !%Z", 1) shown("!%Z", 1) shown("", 1) shown("no conversion", 1) shown(12, 1) shown("%Y", "86400") shown("%Y", 31536000.0)
print(pcall(os.date, "!%c", "x")) print(pcall(os.date, {}, 0)) print(pcall(os.date, "!%c", 1.5)) print(pcall(os.date, nil, 0)) print(os.date() == os.date("%c"), #os.date("%c", nil))

local t={year=2020,month=1,day=1}
print(pcall(os.time,t), t.isdst, t.hour, t.yday,t.wday)
for _,a in ipairs{ {}, {year=2020}, {year=2020,month=1}, {year=2020,month=1,day="x"},{year=2020,month=1,day=1.5},{year=2020,month=1,day="2"},{year=2020,month=1,day=1,hour={}},{year=2020,month=14,day=-3,hour=30,min=100,sec=1000},{year=2^31+1900,month=1,day=1},{year=2^31+1899,month=1,day=1},{year=-2^31+1900,month=1,day=1},{year=-2^31+1899,month=1,day=1},{year=2020,month=2^31,day=1},{year=2020,month=2^31+1,day=1},{year=2020,month=2^31,day=1}, {year=2020,month=1,day=2^31}, {year=2020,month=1,day=2^31-1}, {year=2020,month=1,day=1,isdst=true},{year=1900,month=1,day=1},{year=1970,month=1,day=1,hour=0,sec=-1}, {year=2020,month=1,day=1,hour=12.0},{year=2020,month=1,day=1,sec=math.maxinteger}, {year=2020,month=1,day=1,sec=math.mininteger}} do print(pcall(os.time,a)) for _,k in ipairs{"year","month","day","hour","min","sec","wday","yday","isdst"} do io.write(k, "=", type(a[k]) == "table" and "{}" or tostring(a[k]), " ") end print() end
print(pcall(os.time,5)) print(pcall(os.time,"x")) print(pcall(os.difftime)) print(pcall(os.difftime,5)) print(pcall(os.difftime,5,3)) print(pcall(os.difftime,"5",3.0)) print(pcall(os.difftime,5.5,3)) print(pcall(os.difftime,math.maxinteger,math.mininteger))print(pcall(os.difftime,5,"x"))
print(pcall(os.time, setmetatable({},{__index=function(t,k) return ({year=2000,month=2,day=3})[k] end})))
print(pcall(os.time, setmetatable({year=2000,month=2,day=3},{__newindex=function(t,k,v) print("set",k,v) rawset(t,k,v) end})))
print(pcall(os.time, setmetatable({month=2,day=3},{__index=function(t,k) error("boo") end})))

print(pcall(os.time, { year = 2^31 + 1899, month = 12, day = 31, hour = 23, min = 59, sec = 60 }))
local order = {} for k in pairs(os.date("*t", 0)) do order[#order + 1] = k end table.sort(order) print(table.concat(order, " "))
-- there and back
for s = -5000000000, 8000000000, 123456789 do local t = os.date("*t", s) if os.time(t) ~= s then print("lost", s) end end
print(os.time { year = 2024, month = 2, day = 30 } == os.time { year = 2024, month = 3, day = 1 }, os.time { year = 2024, month = 0, day = 0 } == os.time { year = 2023, month = 11, day = 30 })
print(math.type(os.time()), os.time() >= 0, math.type(os.clock()), os.clock() >= 0, os.clock() <= os.clock(), os.time() == os.time(nil))
print(pcall(function() os.time { year = 1 } end)) print(pcall(function() os.date("%i", 1) end)) print(pcall(function() os.date("%c", 2^70) end)) print(pcall(function() os.date("%c", 1 << 60) end))
