-- Takes back what begin_send marked: the attempt's answer was refused.
-- KEYS: mark. ARGV: entry, attempt, seconds that the mark is kept.
local state, entry, note = read_mark(KEYS[1])
if state == 'sending' and entry == ARGV[1] and note == ARGV[2] then
  write_mark(KEYS[1], 'pending', entry, '-', ARGV[3])
  return 1
end
return 0
