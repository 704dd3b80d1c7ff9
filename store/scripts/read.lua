-- Reads a conversation, and takes or confirms the right to show its card to everybody.
-- ARGV: thread, request ID that wants to show the card or '', milliseconds that a card counts as shown.
local channel, meeting, pending = resolve(ARGV[1])
local first = 0
if ARGV[2] ~= '' and not meeting then
  redis.call('DEL', KEYS[6]) -- a mark of a meeting that Redis has lost
elseif ARGV[2] ~= '' and header(meeting) then
  -- The mark is "<generation> <request ID>": a fresh meeting is news to everybody, however lately the old one was shown.
  local shown, generation = KEYS[6], string.match(meeting, '^%d+')
  local of, by = string.match(redis.call('GET', shown) or '', '^(%d+) (.*)$')
  if of ~= generation then
    redis.call('SET', shown, generation .. ' ' .. ARGV[2], 'PX', ARGV[3])
    first = 1
  elseif by == ARGV[2] then
    first = 1
  end
end
return {channel, meeting, pending, first}
