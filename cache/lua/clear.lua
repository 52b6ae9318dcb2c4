-- KEYS: entry, dirty. ARGV: token.
redis.call('UNLINK', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
