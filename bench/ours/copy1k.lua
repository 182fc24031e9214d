-- A nested value of about 1 KB, streamed with an acknowledgement per 100, and sent to and fro.
local bench = require("bench")
local N, WINDOW, ROUNDTRIPS = 100000, 100, 50000

local function order()
  local items = {}
  for i = 1, 8 do
    items[i] = { sku = "item-" .. i, qty = i, price = 9.99 * i, tags = { "red", "large" }, stock = true, pos = { i, i + 1 } }
  end
  local address = { street = "1 Main Street", city = "Springfield", zip = "12345" }
  return { id = 12345, name = "order", items = items, address = address }
end

local function stream()
  local inbox, value = process.inbox(), order()
  local sink = bench.spawn("app:sink", process.pid(), WINDOW)
  local took = bench.time(function()
    for left = N, 1, -1 do
      bench.send(sink, "data", value)
      if left % WINDOW == 1 then inbox:receive() end
    end
  end)
  bench.send(sink, "stop")
  return N * 1e9 / took
end

local function roundtrips()
  local inbox, value = process.inbox(), order()
  local echo = bench.spawn("app:echo")
  local took = bench.time(function()
    for _ = 1, ROUNDTRIPS do
      bench.send(echo, "order", value)
      value = inbox:receive():payload()
    end
  end)
  bench.send(echo, "stop")
  return ROUNDTRIPS * 1e9 / took
end

return { main = function()
  bench.report("copy1k", "stream_window100_msgs_per_s", bench.reps(3, stream), "1/s")
  bench.report("copy1k", "pingpong_both_ways_roundtrips_per_s", bench.reps(3, roundtrips), "1/s")
end }
