-- Reads a conversation, and takes or confirms the right to show its card to everybody.
-- ARGV: thread, root message to add or '', request ID that wants to show the card or '', milliseconds that a card counts as shown.
if ARGV[2] ~= '' then redis.call('SADD', KEYS[5], ARGV[2]) end
local channel, meeting, pending = resolve(ARGV[1])
local first = 0
if ARGV[3] ~= '' and meeting then
  -- The mark is "<generation> <request ID>": a fresh meeting is news to everybody, however lately the old one was shown.
  local shown, generation = KEYS[6], string.match(meeting, '^%d+')
  local of, by = string.match(redis.call('GET', shown) or '', '^(%d+) (.*)$')
  if of ~= generation then
    redis.call('SET', shown, generation .. ' ' .. ARGV[3], 'PX', ARGV[4])
    first = 1
  elseif by == ARGV[3] then
    first = 1
  end
end
return {channel, meeting, pending, first}
