-- Remembers, or forgets, whom a job invites to a meeting, and returns what is remembered of all jobs. The value is
-- "<length>:<entry>" of each job, the newest first; an entry is "<version> <job> <attendees>". A set of Redis would take
-- twice the memory.
-- KEYS: invitations. ARGV: the entry up to its attendees, the entry or '' to forget it, how many are kept, seconds that they
-- are kept after the last one.
local value, entries, kept, at = redis.call('GET', KEYS[1]) or '', {}, {}, 1
if ARGV[2] ~= '' then
  entries[1], kept[1] = ARGV[2], #ARGV[2] .. ':' .. ARGV[2]
end
while at <= #value and #entries < tonumber(ARGV[3]) do
  local colon = string.find(value, ':', at, true)
  local length = colon and string.match(string.sub(value, at, colon - 1), '^%d+$')
  if not length or #length > 6 or colon + length > #value then break end
  local entry = string.sub(value, colon + 1, colon + length)
  at = colon + length + 1
  if string.sub(entry, 1, #ARGV[1]) ~= ARGV[1] then
    entries[#entries + 1], kept[#kept + 1] = entry, #entry .. ':' .. entry
  end
end
if #kept > 0 then
  redis.call('SET', KEYS[1], table.concat(kept), 'EX', ARGV[4])
else
  redis.call('DEL', KEYS[1])
end
return entries
