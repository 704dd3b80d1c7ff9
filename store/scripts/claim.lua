-- Records a claim unless something better stands. The fifth value returned is the age of the pending claim in
-- milliseconds.
-- ARGV: thread, '1' for a fresh meeting, the generation that its asker saw, the claim's generation, the claim's record, the
-- generation of a meeting whose record does not tell it, '=' and a pending claim that cannot be read and may be replaced or
-- '', the latest version of a record that this release reads,
-- '1' if the conversation may begin under this name, the floor that the claim's generation is above or ''.
-- KEYS 7: the other name of the conversation that this one gave way to. Then nothing begins here. KEYS 8: the floor, see
-- forget.lua. If the claim does not know it, nothing is recorded, and it is the sixth value returned.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- A record that ends with "}" is given the time as its last field.
local function stamped(record)
  return (string.gsub(record, '}$', string.format(',"r":%.0f}', now)))
end

local channel, meeting, pending = resolve(ARGV[1])
if channel == 0 and not meeting and not pending then
  local name = redis.call('GET', KEYS[7])
  if name or ARGV[9] ~= '1' then return {name or 0, false, false, 0, 0} end
end
if channel == 0 and (not pending or '=' .. pending == ARGV[7]) then
  local floor = not meeting and redis.call('GET', KEYS[8])
  if floor and floor ~= ARGV[10] then return {0, false, pending, 0, 0, floor} end
  local free = not meeting
  if meeting and ARGV[2] == '1' then
    local generation = header(meeting) or tonumber(ARGV[6])
    -- The second condition keeps generations from ever going down, whatever the caller made of the first.
    free = generation == tonumber(ARGV[3]) and generation < tonumber(ARGV[4])
  end
  if free then
    pending = stamped(ARGV[5])
    redis.call('SET', KEYS[2], pending)
  end
end

local age = 0
if channel == 0 and pending then
  local since = string.match(pending, ',"r":(%d+)}$')
  if since then
    age = math.max(0, now - tonumber(since))
  elseif header(pending) and tonumber(string.match(pending, '^%d+ %S+ {"v":(%d+)') or 1) <= tonumber(ARGV[8]) then
    -- The release before does not write the time: the age counts from when this release first meets the claim.
    pending = stamped(pending)
    redis.call('SET', KEYS[2], pending)
  end
end
return {channel, meeting, pending, 0, age}
