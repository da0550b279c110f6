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

local before, after, tokens, due, interval

-- The tokens stay in their file, from which they are read in order: there may be millions of them. All lines are of one length.
function init()
  before, after = read("BENCH_BEFORE"), read("BENCH_AFTER")
  tokens = assert(io.open(os.getenv("BENCH_TOKENS"), "r"))
  local line_bytes = #tokens:read("*l") + 1
  tokens:seek("set", tonumber(os.getenv("BENCH_OFFSET")) * line_bytes % tokens:seek("end"))
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
  local token = tokens:read("*l")
  if not token then
    tokens:seek("set", 0)
    token = tokens:read("*l")
  end
  return before .. token .. after
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
