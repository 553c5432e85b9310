-- Gives a request the lowest free seat of a slot, with a fence; the same request again gets the same answer.
-- KEYS m f o p   ARGV position patient owner main(1|0) now(ms)
local meta = redis.call('HMGET', KEYS[1], 'gen', 'state', 'opens')
local gen = meta[1]
if not gen then return {'nopool'} end
local entry = redis.call('HGET', KEYS[3], ARGV[3])
if entry then return {'ok', gen, entry} end
if meta[2] ~= 'open' then return {'closed'} end
if tonumber(ARGV[5]) < tonumber(meta[3]) then return {'early', meta[3]} end
local main = ARGV[4] == '1'
if main then
  local other = redis.call('HGET', KEYS[4], ARGV[2])
  if other then return {'already', other} end
end
local seat = redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1] .. '.', '(' .. ARGV[1] .. '/', 'LIMIT', 0, 1)[1]
if not seat then return {'full'} end
redis.call('ZREM', KEYS[2], seat)
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
entry = seat .. ':' .. seq .. ':' .. ARGV[5] .. ':' .. (main and ARGV[2] or '')
redis.call('HSET', KEYS[3], ARGV[3], entry)
if main then redis.call('HSET', KEYS[4], ARGV[2], ARGV[3]) end
return {'ok', gen, entry}
