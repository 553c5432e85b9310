-- Counts a message against its account's rate; tells when it is one too many. The arguments after `now` are what the
-- state holds in b (messages saved up), bt (when) and p (whether the account was told that it is too fast).
local function over_rate(state, message, now, saved, at, told)
  local tokens = BURST
  if saved then
    tokens = math.min(BURST, saved + math.max(0, now - at) * PER_SECOND / 1000)
  end
  local refused = tokens < 1
  local silent = told == '1' and tokens < FORGIVEN
  redis.call('HSET', state, 'b', tostring(refused and tokens or tokens - 1), 'bt', now,
             'p', (refused or silent) and '1' or '0')
  redis.call('PEXPIRE', state, CHAT_KEPT)
  if not refused then return nil end
  redis.call('HSET', message, 's', silent and 'silent' or 'polite')
  redis.call('PEXPIRE', message, REFUSAL_KEPT)
  return {silent and 'silenced' or 'limited'}
end
