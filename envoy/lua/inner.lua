-- Stands behind the plugin, and does for the upstream what outer.lua does for the client.
function envoy_on_request(handle)
  local headers, kept = handle:headers(), handle:streamInfo():dynamicMetadata():get("parity")
  if kept["packed"] then
    pack_headers(headers, {})
    headers:replace(":method", "GET")
    headers:replace(":path", "/")
    headers:replace(":authority", "packed")
    headers:replace(":scheme", "http")
    headers:replace("x-forwarded-proto", "http") -- without it Envoy finds no route
  end
  headers:add("x-parity-stream", kept["stream"])
end

function envoy_on_response(handle)
  local packed = handle:headers():get("x-parity-packed")
  if packed then
    unpack_headers(handle:headers(), packed)
  end
end
