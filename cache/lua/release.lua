-- KEYS: entry. ARGV: scope, token. Gives up a lease whose load failed, so that others need not wait for its end.
local lease = redis.call('HGET', KEYS[1], 'l:' .. ARGV[1])
if lease and string.match(lease, '^(%S+) ') == ARGV[2] then redis.call('HDEL', KEYS[1], 'l:' .. ARGV[1]) end
return 1
