-- Asks Postern whether a request may pass. Leaves in txn.postern what became of it, and the headers of the principal.

local QUESTION = "http://127.0.0.1:7070/forward-auth?organization=org_YOUR_ORGANIZATION&permission=orders.read&workspace=shop"
-- HAProxy asks up to four times before it gives up, each time for so long.
local TIMEOUT_MS = 1250

local OUTCOMES = {
  [200] = "allowed",
  [400] = "invalid",
  [401] = "unauthenticated",
  [403] = "forbidden",
  [429] = "throttled",
  [431] = "invalid",
}

-- The question is about these; no body and no cookie goes along.
local function question_headers(txn)
  local headers = { ["x-forwarded-for"] = { txn.sf:src() } }
  local sent = txn.http:req_get_headers()
  for _, name in ipairs({ "authorization", "x-api-key", "user-agent" }) do
    if sent[name] then
      headers[name] = {}
      for index = 0, #sent[name] do headers[name][index + 1] = sent[name][index] end
    end
  end
  return headers
end

core.register_action("postern", { "http-req" }, function(txn)
  local answer = core.httpclient():get({ url = QUESTION, headers = question_headers(txn), timeout = TIMEOUT_MS })
  txn:set_var("txn.postern", answer and OUTCOMES[answer.status] or "unavailable")
  if not answer or not answer.headers then return end
  local challenge = answer.headers["www-authenticate"]
  txn:set_var("txn.postern_challenge", challenge and challenge[0] or "")
  if answer.status ~= 200 then return end
  for name, values in pairs(answer.headers) do
    if name:sub(1, 10) == "x-postern-" then txn.http:req_set_header(name, values[0] or "") end
  end
end)
