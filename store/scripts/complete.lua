-- Makes a claim the conversation's meeting while it is the pending one.
-- KEYS: meeting, pending claim. ARGV: claim ID, the claim's generation, the meeting's record.
local meeting, pending = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local _, id = header(pending)
if id == ARGV[1] then
  local generation = header(meeting)
  if not meeting or (generation and generation < tonumber(ARGV[2])) then
    meeting = ARGV[3]
    redis.call('SET', KEYS[1], meeting)
  end
  pending = false
  redis.call('DEL', KEYS[2])
end
return {0, meeting, pending, 0}
