-- KEYS: entry, dirty. ARGV: scope, token, envelope, ms to keep it. Answers 1 when stored.
local lease = redis.call('HGET', KEYS[1], 'l:' .. ARGV[1])
if not lease then return 0 end
local token, ends = string.match(lease, '^(%S+) %d+ (%d+)$')
if token ~= ARGV[2] then return 0 end

redis.call('HDEL', KEYS[1], 'l:' .. ARGV[1])
-- A load that took longer than its lease may have begun under a mark that has run out since.
if tonumber(ends) <= now_ms then return 0 end
if redis.call('ZCOUNT', KEYS[2], '(' .. now_ms, '+inf') > 0 then return 0 end

redis.call('HSET', KEYS[1], 'v:' .. ARGV[1], ARGV[3])
local keep_ms = tonumber(ARGV[4])
if redis.call('PTTL', KEYS[1]) < keep_ms then redis.call('PEXPIRE', KEYS[1], keep_ms) end
return 1
