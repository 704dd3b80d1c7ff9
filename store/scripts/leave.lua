-- Takes this consumer out of the group, and every other that was not seen for long, unless a job is still in their name:
-- Redis forgets a consumer's jobs with it.
-- KEYS: stream. ARGV: group, consumer, milliseconds after which another consumer counts as gone.
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end -- no stream or no group, so no consumers
local removed = 0
for _, fields in ipairs(consumers) do
  local name, idle
  for i = 1, #fields, 2 do
    if fields[i] == 'name' then name = fields[i + 1] end
    if fields[i] == 'idle' then idle = fields[i + 1] end
  end
  if (name == ARGV[2] or idle > tonumber(ARGV[3])) and
      not redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, name)[1] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
    removed = removed + 1
  end
end
return removed
