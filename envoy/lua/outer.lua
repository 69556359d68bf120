-- Stands before the plugin. A request says who sent it (x-parity-stream), and how the upstream fails that Envoy is to
-- find no connection to, or to wait for in vain (x-parity-fails). Headers that no codec passes come packed into
-- one header (x-parity-packed); they are put in place of all others, and the response's headers go back packed.
function envoy_on_request(handle)
  local headers, kept = handle:headers(), handle:streamInfo():dynamicMetadata()
  kept:set("parity", "stream", headers:get("x-parity-stream") or "")
  headers:remove("x-parity-stream")
  if headers:get("x-parity-fails") then
    kept:set("parity", "fails", headers:get("x-parity-fails"))
    headers:remove("x-parity-fails")
  end
  local packed = headers:get("x-parity-packed")
  if packed then
    kept:set("parity", "packed", "yes")
    unpack_headers(headers, packed)
  end
end

function envoy_on_response(handle)
  local kept = handle:streamInfo():dynamicMetadata():get("parity")
  if kept and kept["packed"] then
    pack_headers(handle:headers(), {[":status"] = true})
  end
end
