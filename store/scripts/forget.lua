-- Forgets a conversation's meeting, its pending claim and what could come back, and keeps the floor: the highest generation
-- that there was. The next meeting gets a later one, and so an external ID that no meeting had.
-- KEYS: meeting, pending claim, shown mark, undo, floor. ARGV: the generation of a record that does not tell it, the claim ID
-- of the meeting to forget, '' for any.
-- Returns the floor; 0 if the meeting is another one. Nothing was forgotten then.
local meeting, pending = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if ARGV[2] ~= '' then
  local _, id = header(meeting)
  if id ~= ARGV[2] then return 0 end
end
local floor = tonumber(redis.call('GET', KEYS[5]) or '0')
for _, record in ipairs({meeting or '', pending or ''}) do
  if record ~= '' then floor = math.max(floor, header(record) or tonumber(ARGV[1])) end
end
if floor > 0 then redis.call('SET', KEYS[5], string.format('%.0f', floor)) end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return floor
