-- Stands behind the plugin, and does for the upstream what outer.lua does for the client.
--
-- The upstream sees no request that no connection is made for. So a request that is to fail is shown to the upstream
-- before: its headers when they come, and the rest when all has come, which the upstream answers when the request is to
-- go on its way to its failure.
local function shows(handle, kept, part, headers, body, waits)
  handle:httpCall("parity-upstream", {[":method"] = "POST", [":path"] = "/", [":authority"] = "parity",
    ["x-parity-stream"] = kept["stream"], ["x-parity-part"] = part, ["x-parity-packed"] = headers}, body, 0, not waits)
end

local function shows_all(handle, kept)
  shows(handle, kept, "headers", packed_headers(handle:headers()), nil, false)
  local body = handle:body()
  local bytes = body and body:getBytes(0, body:length())
  local trailers = handle:trailers()
  shows(handle, kept, "rest", trailers and packed_headers(trailers) or "", bytes, true)
end

function envoy_on_request(handle)
  local kept = handle:streamInfo():dynamicMetadata():get("parity")
  if kept["fails"] then
    shows_all(handle, kept)
  end
  local headers = handle:headers()
  if kept["packed"] then
    pack_headers(headers, {})
    headers:replace(":method", "GET")
    headers:replace(":path", "/")
    headers:replace(":authority", "packed")
    headers:replace(":scheme", "http")
    headers:replace("x-forwarded-proto", "http") -- without it Envoy finds no route
  end
  headers:add("x-parity-stream", kept["stream"])
  if kept["fails"] then
    headers:add("x-parity-fails", kept["fails"])
    handle:clearRouteCache()
  end
end

function envoy_on_response(handle)
  local packed = handle:headers():get("x-parity-packed")
  if packed then
    unpack_headers(handle:headers(), packed)
  end
end
