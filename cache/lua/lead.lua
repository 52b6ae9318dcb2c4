-- KEYS: leader, fence. ARGV: token, ms. Answers the fencing number as text, or false while another leads.
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
-- A time in microseconds: even if a failover loses the last number, the next term gets a greater one.
local fence = string.format('%.0f', math.max(now_us, tonumber(redis.call('GET', KEYS[2]) or '0') + 1))
redis.call('SET', KEYS[2], fence)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return fence
