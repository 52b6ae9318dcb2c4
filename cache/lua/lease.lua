-- KEYS: entry, dirty. ARGV: scope, token, lease ms, epoch the reader knows, the envelope it could not use ('').
-- Answers {'found', envelope}, {'dirty'}, {'held', token} or {'granted', token}.
local envelope = redis.call('HGET', KEYS[1], 'v:' .. ARGV[1])
-- Another reader may have filled the entry since this one looked.
if envelope and envelope ~= ARGV[5] then return {'found', envelope} end

if redis.call('ZCOUNT', KEYS[2], '(' .. now_ms, '+inf') > 0 then return {'dirty'} end

local lease = redis.call('HGET', KEYS[1], 'l:' .. ARGV[1])
if lease then
  local token, epoch, ends = string.match(lease, '^(%S+) (%d+) (%d+)$')
  -- A load that began before everything was invalidated is of no use to a reader who came after.
  if tonumber(ends) > now_ms and tonumber(epoch) >= tonumber(ARGV[4]) then return {'held', token} end
end

local lease_ms = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'l:' .. ARGV[1], ARGV[2] .. ' ' .. ARGV[4] .. ' ' .. (now_ms + lease_ms))
-- The lease must not go down with the remains of an old entry.
if redis.call('PTTL', KEYS[1]) < lease_ms then redis.call('PEXPIRE', KEYS[1], lease_ms) end
return {'granted', ARGV[2]}
