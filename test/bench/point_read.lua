-- One row by its primary key, a random one each time. ITEMS in the environment says how many there are.
local items = tonumber(os.getenv("ITEMS"))

function init()
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", "/rest/v1/items?id=eq." .. math.random(items))
end

-- One line that point_reads.py reads: requests, microseconds, bad answers, and latency in microseconds (median, p99, longest).
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
