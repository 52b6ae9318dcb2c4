-- KEYS: epoch. ARGV: 'keep' or 'renew'. Answers the epoch as text.
-- An epoch is a time in microseconds and so never comes back, not even after the key was evicted or lost in a
-- failover: a counter that starts again would revive entries of its former round.
local old = redis.call('GET', KEYS[1])
if old and ARGV[1] == 'keep' then return old end
local epoch = string.format('%.0f', math.max(now_us, tonumber(old or '0') + 1))
redis.call('SET', KEYS[1], epoch)
return epoch
