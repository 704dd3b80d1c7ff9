-- Records a claim unless something better stands.
-- ARGV: thread, '1' for a fresh meeting, the generation that its asker saw, the claim's generation, the claim's record,
-- the generation of a meeting whose record does not tell it, and '=' with a pending claim that cannot be read and may be
-- replaced, or ''.
local channel, meeting, pending = resolve(ARGV[1])
if channel == 0 and (not pending or '=' .. pending == ARGV[7]) then
  local free = not meeting
  if meeting and ARGV[2] == '1' then
    local generation = header(meeting) or tonumber(ARGV[6])
    -- The second condition keeps generations from ever going down, whatever the caller made of the first.
    free = generation == tonumber(ARGV[3]) and generation < tonumber(ARGV[4])
  end
  if free then
    pending = ARGV[5]
    redis.call('SET', KEYS[2], pending)
  end
end
return {channel, meeting, pending, 0}
