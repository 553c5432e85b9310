-- Gives a request the lowest free seat of a slot, with a fence; the same request again gets the same answer.
-- Whose hold it is to take the place of keeps its seat meanwhile, but leaves it when the slot has no other.
-- Whoever knows the session only as it was in an older generation is told so: its positions may mean other slots now.
-- KEYS m f o p   ARGV position patient owner main(1|0) now(ms) instead-of known-generation
local meta = redis.call('HMGET', KEYS[1], 'gen', 'state', 'opens')
local gen = meta[1]
if not gen then return {'nopool'} end
if ARGV[7] and tonumber(ARGV[7]) < tonumber(gen) then return {'moved', gen} end
local entry = redis.call('HGET', KEYS[3], ARGV[3])
if entry then return {'ok', gen, entry} end
if meta[2] ~= 'open' then return {'closed'} end
if tonumber(ARGV[5]) < tonumber(meta[3]) then return {'early', meta[3]} end
local main = ARGV[4] == '1'
local other = main and redis.call('HGET', KEYS[4], ARGV[2])
if other and other ~= ARGV[6] then return {'already', other} end
local seat = redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1] .. '.', '(' .. ARGV[1] .. '/', 'LIMIT', 0, 1)[1]
if not seat and other then
  local left = redis.call('HGET', KEYS[3], other)
  seat = left and left:match('^(' .. ARGV[1] .. '%.%d+):')
  if seat then redis.call('HDEL', KEYS[3], other) end
end
if not seat then return {'full'} end
redis.call('ZREM', KEYS[2], seat)
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
entry = seat .. ':' .. seq .. ':' .. ARGV[5] .. ':' .. (main and ARGV[2] or '')
redis.call('HSET', KEYS[3], ARGV[3], entry)
if main then redis.call('HSET', KEYS[4], ARGV[2], ARGV[3]) end
return {'ok', gen, entry}
