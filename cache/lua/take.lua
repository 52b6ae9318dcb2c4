-- KEYS: counter. ARGV: window in ms. Answers {uses in this window, ms until it ends}.
local uses = redis.call('INCR', KEYS[1])
local left_ms = redis.call('PTTL', KEYS[1])
-- A counter without an end would refuse for ever.
if left_ms < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left_ms = tonumber(ARGV[1])
end
return {uses, left_ms}
