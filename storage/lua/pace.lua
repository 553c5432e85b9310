-- Reserves sends for a worker and tells after how many microseconds it may begin them; by Redis' clock, which all share.
-- KEYS: the account's pace. ARGV: sends, microseconds a send, microseconds of unused time that may be made up.
local now = redis.call('TIME')
local clock = now[1] * 1000000 + now[2]
local next = tonumber(redis.call('GET', KEYS[1]) or clock)
if next < clock - tonumber(ARGV[3]) then
  next = clock - tonumber(ARGV[3])
end
local after = next + ARGV[1] * ARGV[2]
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.max(1000, math.ceil((after - clock) / 1000) + 1000))
return math.max(0, math.ceil(next - clock))
