-- KEYS: entry, dirty. ARGV: token, ms until the mark runs out.
-- Each writer has a mark of its own, so that one who is done does not speak for another who is not.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_ms)
redis.call('ZADD', KEYS[2], now_ms + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
-- With the entry go the leases: a load that began before the write may not store what it read.
redis.call('UNLINK', KEYS[1])
return 1
