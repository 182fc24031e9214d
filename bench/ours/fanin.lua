-- 100 senders with 10 000 small messages each to one receiver. The mailbox has to hold a million:
-- run it with --limit mailbox=2000000 --limit mailbox=1GiB.
local bench = require("bench")
local SENDERS, EACH = 100, 10000

return { main = function()
  bench.report("fanin", "100x10k_msgs_per_s", bench.reps(3, function()
    local receiver = bench.spawn("app:counter", process.pid(), SENDERS * EACH)
    local took = bench.time(function()
      for _ = 1, SENDERS do bench.spawn("app:sender", receiver, EACH) end
      bench.wait(1)
    end)
    return SENDERS * EACH * 1e9 / took
  end), "1/s")
end }
