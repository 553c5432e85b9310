-- The seat held for a change is the patient's appointment now; who had the patient's seat before keeps only the seat.
-- KEYS m f o p   ARGV owner patient
local entry = redis.call('HGET', KEYS[3], ARGV[1])
if not entry then return 0 end
redis.call('HSET', KEYS[3], ARGV[1], entry:match('^[^:]+:[^:]*:[^:]*:') .. ARGV[2])
redis.call('HSET', KEYS[4], ARGV[2], ARGV[1])
return 1
