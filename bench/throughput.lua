-- For wrk: one token after the other, from a file, and the result as one line of JSON.
local function read(name)
  local file = assert(io.open(os.getenv(name), "r"))
  local text = file:read("*a")
  file:close()
  return text
end

local before, after, tokens, at

function init()
  before, after, tokens = read("BENCH_BEFORE"), read("BENCH_AFTER"), {}
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    tokens[#tokens + 1] = token
  end
  at = tonumber(os.getenv("BENCH_OFFSET"))
end

function request()
  at = at % #tokens + 1
  return before .. tokens[at] .. after
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%f,"failed":%d}\n',
    summary.requests,
    summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
