-- Makes a claim the conversation's meeting while it is the pending one.
-- KEYS: meeting, pending claim, undo, floor (see forget.lua). ARGV: claim ID, the claim's generation, the meeting's record, the generation of a
-- meeting whose record does not tell it, the chat user for whom the meeting is, milliseconds for which that user may undo.
local meeting, pending = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local _, id = header(pending)
if id == ARGV[1] then
  if not meeting or (header(meeting) or tonumber(ARGV[4])) < tonumber(ARGV[2]) then
    if meeting and ARGV[5] ~= '' then
      redis.call('SET', KEYS[3], ARGV[2] .. ' ' .. ARGV[5] .. ' ' .. meeting, 'PX', ARGV[6])
    end
    meeting = ARGV[3]
    redis.call('SET', KEYS[1], meeting)
  end
  pending = false
  redis.call('DEL', KEYS[2], KEYS[4])
end
return {0, meeting, pending, 0}
