-- The same check as the plugin's: exactly one header "allow", and it says "true".
function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:getNumValues("allow") ~= 1 or headers:get("allow") ~= "true" then
    handle:respond({[":status"] = "403", ["content-type"] = "text/plain"}, "Forbidden by ASM Wasm Plugin")
  end
end
