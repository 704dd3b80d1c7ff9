-- Marks that an answer is about to be sent. Returns 0, 1 if an earlier attempt came this far, -1 if the answer is not
-- this attempt's to give.
-- KEYS: stream, mark, tries. ARGV: group, consumer, entry, attempt, seconds that the mark is kept.
local consumer, attempt = holder(KEYS[1], ARGV[1], ARGV[3])
if not consumer and redis.call('EXISTS', KEYS[2]) == 0 then
  -- A job that is done, or another's, has a mark. Redis has forgotten this one (a fail-over may lose the last second),
  -- so only this attempt can still answer it.
  write_mark(KEYS[2], 'sending', ARGV[3], ARGV[4], ARGV[5])
  return 0
end
if consumer ~= ARGV[2] or attempt ~= tonumber(ARGV[4]) then return -1 end
local state, _, note = read_mark(KEYS[2])
if state == 'done' then
  finish(KEYS[1], ARGV[1], ARGV[3], KEYS[2], ARGV[5], KEYS[3])
  return -1
end
write_mark(KEYS[2], 'sending', ARGV[3], ARGV[4], ARGV[5])
if state == 'sending' and note ~= ARGV[4] then return 1 end
return 0
