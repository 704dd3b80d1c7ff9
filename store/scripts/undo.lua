-- Makes the meeting before the current one the next generation.
-- KEYS: meeting, pending claim, undo: "<generation that may be undone> <chat user> <record of the meeting before it>".
-- ARGV: generation to undo, chat user, ID of the next generation, undo as it was found, the record of the next generation;
-- both are '' if nothing can come back.
-- Returns as the other scripts do, and after that 1 if the earlier meeting is the conversation's again, and the chat user
-- who may undo, '' for nobody.
local meeting, pending = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local current, id = header(meeting)
if id == ARGV[3] then return {0, meeting, pending, 0, 1, ''} end -- an attempt before this one came this far
local kept = redis.call('GET', KEYS[3])
if pending or not kept or kept ~= ARGV[4] then return {0, meeting, pending, 0, 0, ''} end
local generation, user = string.match(kept, '^(%d+) (%S+) ')
if generation ~= ARGV[1] or tonumber(generation) ~= current then return {0, meeting, pending, 0, 0, ''} end
if user ~= ARGV[2] then return {0, meeting, pending, 0, 0, user} end
meeting = ARGV[5]
redis.call('SET', KEYS[1], meeting)
redis.call('DEL', KEYS[3])
return {0, meeting, pending, 0, 1, ''}
