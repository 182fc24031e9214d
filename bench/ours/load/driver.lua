-- Makes one supervised process after another fail, so many per second, and measures the time from the message
-- that makes one fail to the first words of its successor. Begins with a message on the topic "go".
local time = require("time")

local SECOND = 1000000000
local PATIENCE = 5 * SECOND

local function report(metric, value)
  print(string.format("load\t%s\t%d\t%d\t%d\tns", metric, value, value, value))
end

-- The time until a successor was there, and false when none comes in time.
local function receive(inbox, wait, sent)
  local got = channel.select{inbox:case_receive(), time.after(wait):case_receive()}
  if got.channel ~= inbox then return false end
  local ready = got.value:payload()
  return ready[2] - sent[ready[1]]
end

local function crash_all(inbox, services, per_second, crashes)
  local sent, times, crash, start = {}, {}, 0, time.now()
  while #times < crashes do
    local now, due = time.now(), start + crash * SECOND // per_second
    if crash < crashes and due <= now then
      -- A stride that visits every service before it comes back to the first.
      local number = crash * 7919 % services
      crash, sent[number] = crash + 1, time.now()
      assert(process.send("load:s" .. number, "fail"))
    else
      local took = receive(inbox, crash < crashes and due - now or PATIENCE, sent)
      if took then
        times[#times + 1] = took
      elseif crash == crashes then
        break
      end
    end
  end
  return times
end

return { main = function(services, per_second, seconds)
  local inbox = process.inbox()
  repeat local topic = inbox:receive():topic() until topic == "go"
  local times = crash_all(inbox, services, per_second, per_second * seconds)
  table.sort(times)
  local function at(part) return times[1 + (#times - 1) * part // 1000] end
  report("restarts", #times)
  report("p50", at(500))
  report("p99", at(990))
  report("max", at(1000))
  print("done")
  -- A service that ends would be started again.
  inbox:receive()
end }
