-- For wrk: one token after the other, from a file; where a rate is given, no faster than that; the result as one line of JSON.
local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long seconds; long nanoseconds; } bench_time;
  int clock_gettime(int clock, bench_time *time);
]])
local CLOCK_MONOTONIC = 1
local time = ffi.new("bench_time")

local function now_ms()
  ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
  return tonumber(time.seconds) * 1e3 + tonumber(time.nanoseconds) / 1e6
end

local function read(name)
  local file = assert(io.open(os.getenv(name), "r"))
  local text = file:read("*a")
  file:close()
  return text
end

local before, after, tokens, at, due, interval

function init()
  before, after, tokens = read("BENCH_BEFORE"), read("BENCH_AFTER"), {}
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    tokens[#tokens + 1] = token
  end
  at = tonumber(os.getenv("BENCH_OFFSET"))
  due = now_ms()
  interval = 1e3 / tonumber(os.getenv("BENCH_RATE") or "1")
end

-- Milliseconds until the connection that is free sends its next request: the moments are evenly spread over all of them.
if os.getenv("BENCH_RATE") then
  function delay()
    due = due + interval
    return math.max(0, math.floor(due - now_ms()))
  end
end

function request()
  at = at % #tokens + 1
  return before .. tokens[at] .. after
end

-- wrk adds the requests that a slow answer has kept from being sent, so that they count as late ones.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%f,"failed":%d,"p50Ms":%f,"p99Ms":%f}\n',
    summary.requests,
    summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3
  ))
end
