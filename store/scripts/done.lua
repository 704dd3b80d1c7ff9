-- Forgets a job and remembers that its request was answered.
-- KEYS: stream, mark, tries. ARGV: group, entry, seconds that the mark is kept.
finish(KEYS[1], ARGV[1], ARGV[2], KEYS[2], ARGV[3], KEYS[3])
return 1
