-- Remembers or forgets a posted card. The value is "<length>:<entry>" of each card, the newest first; an entry is "<version>
-- <length of the reference> <reference><the rest>". A list of Redis would take twice the memory where there is one card.
-- KEYS: cards. ARGV: the entry up to its rest, the entry or '' to forget the card, how many are kept, seconds that they are
-- kept after the last one.
local value, entries, found, at = redis.call('GET', KEYS[1]) or '', {}, false, 1
while at <= #value do
  local colon = string.find(value, ':', at, true)
  local length = colon and string.match(string.sub(value, at, colon - 1), '^%d+$')
  if not length or #length > 6 or colon + length > #value then break end
  local entry = string.sub(value, colon + 1, colon + length)
  at = colon + length + 1
  if string.sub(entry, 1, #ARGV[1]) == ARGV[1] then entry, found = ARGV[2], true end
  if entry ~= '' then entries[#entries + 1] = #entry .. ':' .. entry end
end
if ARGV[2] == '' then
  if not found then return 0 end
  if #entries == 0 then return redis.call('DEL', KEYS[1]) end
  redis.call('SET', KEYS[1], table.concat(entries), 'KEEPTTL')
  return 1
end
if not found then table.insert(entries, 1, #ARGV[2] .. ':' .. ARGV[2]) end
redis.call('SET', KEYS[1], table.concat(entries, '', 1, math.min(#entries, tonumber(ARGV[3]))), 'EX', ARGV[4])
return 1
