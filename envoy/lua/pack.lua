-- A packed header list is NAME:VALUE, for each pair, both in hexadecimal digits.
local function hex(s)
  return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local function bytes(s)
  return (s:gsub("..", function(digits) return string.char(tonumber(digits, 16)) end))
end

function clear_headers(headers, keep)
  local names = {}
  for name, _ in pairs(headers) do
    names[#names + 1] = name
  end
  for _, name in ipairs(names) do
    if not keep[name] then
      headers:remove(name)
    end
  end
end

function unpack_headers(headers, packed)
  clear_headers(headers, {})
  for name, value in packed:gmatch("(%x*):(%x*),") do
    headers:add(bytes(name), bytes(value))
  end
end

function packed_headers(headers)
  local all = {}
  for name, value in pairs(headers) do
    all[#all + 1] = hex(name) .. ":" .. hex(value) .. ","
  end
  return table.concat(all)
end

function pack_headers(headers, keep)
  local all = packed_headers(headers)
  clear_headers(headers, keep)
  headers:add("x-parity-packed", all)
end
