-- What the benchmarks share. Every result is a line `case <TAB> metric <TAB> median <TAB> min <TAB>
-- max <TAB> unit`, the same as bench/erlang/bench.erl prints.

local time = require("time")

local bench = { HOST = "app:processes" }

-- Nanoseconds of the node's clock.
bench.now = time.now

function bench.median(values)
  table.sort(values)
  return values[(#values + 1) // 2]
end

function bench.report(case, metric, values, unit)
  local median = bench.median(values)
  print(string.format("%s\t%s\t%.4g\t%.4g\t%.4g\t%s", case, metric, median, values[1], values[#values], unit))
end

-- The results of running f n times.
function bench.reps(n, f)
  local values = {}
  for i = 1, n do values[i] = f() + 0.0 end
  return values
end

-- Nanoseconds that f takes.
function bench.time(f)
  local start = bench.now()
  f()
  return math.max(1, bench.now() - start)
end

function bench.spawn(program, ...)
  local pid, err = process.spawn(program, bench.HOST, ...)
  return pid or error("spawn " .. program .. ": " .. tostring(err))
end

function bench.spawn_monitored(program, ...)
  local pid, err = process.spawn_monitored(program, bench.HOST, ...)
  return pid or error("spawn " .. program .. ": " .. tostring(err))
end

function bench.send(pid, topic, value)
  local ok, err = process.send(pid, topic, value)
  return ok or error("send: " .. tostring(err))
end

-- Receives n messages.
function bench.wait(n)
  local inbox = process.inbox()
  for _ = 1, n do inbox:receive() end
end

return bench
