-- Makes the meeting before the current one the next generation.
-- KEYS: meeting, pending claim, undo: "<generation that may be undone> <chat user> <record of the meeting before it>".
-- ARGV: generation to undo, chat user, ID of the next generation.
-- Returns as the other scripts do, and after that 1 if the earlier meeting is the conversation's again, and the chat user
-- who may undo, '' for nobody.
local meeting, pending = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local current, id = header(meeting)
if id == ARGV[3] then return {0, meeting, pending, 0, 1, ''} end -- an attempt before this one came this far
local generation, user, earlier = string.match(redis.call('GET', KEYS[3]) or '', '^(%d+) (%S+) (.*)$')
if pending or generation ~= ARGV[1] or tonumber(generation) ~= current then return {0, meeting, pending, 0, 0, ''} end
if user ~= ARGV[2] then return {0, meeting, pending, 0, 0, user} end
local payload = string.match(earlier, '^%d+ %S+ (.*)$')
if not payload then return {0, meeting, pending, 0, 0, ''} end -- it cannot be read
meeting = string.format('%d', current + 1) .. ' ' .. ARGV[3] .. ' ' .. payload
redis.call('SET', KEYS[1], meeting)
redis.call('DEL', KEYS[3])
return {0, meeting, pending, 0, 1, ''}
