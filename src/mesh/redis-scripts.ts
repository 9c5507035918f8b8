// The Lua scripts: wherever two keys must agree, or a write depends on what is there. Each is sent by its SHA-1 (EVALSHA), and as a
// whole when Redis does not know it. Times in milliseconds are Redis's own.

import { createHash } from 'node:crypto';

export interface Script {
  readonly text: string;
  readonly sha: string;
  readonly keyCount: number;
}

function script(keyCount: number, text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex'), keyCount };
}

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`;

/**
 * A heartbeat. KEYS state peers alive; ARGV id epoch record expiryMs channel nudge.
 * Returns {seconds, microseconds, 1 if we were not among the living, version of the peers, number of the log, version of the
 * reports}, or {seconds, microseconds, -1} if a later process of the same id is alive: it counts, and nothing has been written.
 */
export const BEAT = script(
  3,
  `${NOW}
local id, expiry = ARGV[1], tonumber(ARGV[4])
local record = redis.call('HGET', KEYS[2], id)
local altered = 0
if record ~= ARGV[3] then
  local ok, other = pcall(cjson.decode, record or '')
  local seen = redis.call('ZSCORE', KEYS[3], id)
  if ok and type(other) == 'table' and tonumber(other.epoch) and other.epoch > tonumber(ARGV[2]) and seen and now - seen < expiry then
    return {t[1], t[2], -1}
  end
  redis.call('HSET', KEYS[2], id, ARGV[3])
  altered = 1
end
local added = redis.call('ZADD', KEYS[3], now, id)
local changed = added + altered
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - expiry)) do
  redis.call('ZREM', KEYS[3], gone)
  redis.call('HDEL', KEYS[2], gone)
  changed = changed + 1
end
if changed > 0 then
  redis.call('HINCRBY', KEYS[1], 'peers', 1)
  redis.call('PUBLISH', ARGV[5], ARGV[6])
end
local state = redis.call('HMGET', KEYS[1], 'peers', 'log', 'reports')
return {t[1], t[2], added, tonumber(state[1]) or 0, tonumber(state[2]) or 0, tonumber(state[3]) or 0}`,
);

/** A farewell. KEYS state peers alive; ARGV id record channel nudge. Does nothing if a later process has the id. */
export const LEAVE = script(
  3,
  `if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'peers', 1)
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1`,
);

/**
 * Votes of one prober. KEYS votes voters state log peers; ARGV prober epoch write previous head lifeMs logLength isFromScratch channel
 * nudge ('' = none) forgottenCount, then the forgotten targets, then pairs of target and vote. `previous` is the write that this one
 * adds to.
 * Returns 1; 2 if the previous write is not there, so that everything must be sent; 0 if a later write of the same process is there
 * already; -1 if a later process of the same id is alive.
 */
export const VOTE = script(
  5,
  `${NOW}
local prober, epoch, life = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[6])
local ok, head = pcall(cjson.decode, redis.call('HGET', KEYS[1], '@') or '')
local isFromScratch, isWhole = ARGV[8] == '1', false
if ok and type(head) == 'table' and tonumber(head.epoch) then
  if head.epoch > epoch then
    local isPeer, peer = pcall(cjson.decode, redis.call('HGET', KEYS[5], prober) or '')
    if isPeer and type(peer) == 'table' and tonumber(peer.epoch) and peer.epoch > epoch then return -1 end
  end
  if head.epoch == epoch and (tonumber(head.write) or 0) >= tonumber(ARGV[3]) then return 0 end
  if head.epoch ~= epoch then redis.call('DEL', KEYS[1])
  else isWhole = head.write == tonumber(ARGV[4]) end
end
if isFromScratch then redis.call('DEL', KEYS[1]) end
local first = 12 + tonumber(ARGV[11])
for i = 12, first - 1 do redis.call('HDEL', KEYS[1], ARGV[i]) end
local entry = {'@', ARGV[5]}
for i = first, #ARGV do entry[#entry + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(entry))
redis.call('PEXPIRE', KEYS[1], life)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + life, prober)
local number = redis.call('HINCRBY', KEYS[3], 'log', 1)
redis.call('XADD', KEYS[4], 'MAXLEN', ARGV[7], '*', '#', number, 'p', prober, unpack(entry))
if ARGV[10] ~= '' then redis.call('PUBLISH', ARGV[9], ARGV[10]) end
if isFromScratch or isWhole then return 1 end
return 2`,
);

/**
 * Replaces a set if it is still the one that we know. KEYS book; ARGV known version and mark ('' '' = none), new
 * version and mark, book, channel, nudge. Returns 1, also if the new ones are there already; else 0.
 */
export const REPLACE_BOOK = script(
  1,
  `local found = redis.call('HMGET', KEYS[1], 'version', 'mark')
if found[1] == ARGV[3] and found[2] == ARGV[4] then return 1 end
if (found[1] or '') ~= ARGV[1] or (found[2] or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'mark', ARGV[4], 'book', ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 1`,
);

/**
 * Verdicts, from one writer at a time. KEYS verdicts; ARGV writer leaseMs base isFromScratch forgottenCount, the forgotten targets,
 * pairs of target and verdict. `base` is the number of the write that these are the changes to.
 * Returns the number of this write; -1 if another is the writer; -2 if everything must be sent.
 */
export const SAVE_VERDICTS = script(
  1,
  `${NOW}
local held = redis.call('HMGET', KEYS[1], '@writer', '@until', '@write')
local isMine = held[1] == ARGV[1]
if held[1] and not isMine and (tonumber(held[2]) or 0) > now then return -1 end
if ARGV[4] == '1' then redis.call('DEL', KEYS[1])
elseif not isMine or held[3] ~= ARGV[3] then return -2 end
local number = (tonumber(held[3]) or 0) + 1
local first = 6 + tonumber(ARGV[5])
for i = 6, first - 1 do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = first, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], '@writer', ARGV[1], '@until', now + tonumber(ARGV[2]), '@write', number)
return number`,
);

/**
 * Verdicts of one aggregator. KEYS fleet fleet-log; ARGV epoch write previous head lifeMs logLength isFromScratch channel nudge
 * ('' = none), then pairs of target and verdict, '' for a target that is forgotten. `previous` is the write that this one adds to.
 * Returns 1; 2 if the previous write is not there, so that everything must be sent; 0 if a later write of the same process is there
 * already; -1 if a later process of the same id has written: what it wrote expires unless it lives.
 */
export const REPORT = script(
  2,
  `local ok, head = pcall(cjson.decode, redis.call('HGET', KEYS[1], '@') or '')
local isFromScratch, isWhole = ARGV[7] == '1', false
if ok and type(head) == 'table' and tonumber(head.epoch) then
  if head.epoch > tonumber(ARGV[1]) then return -1 end
  if head.epoch == tonumber(ARGV[1]) then
    if (tonumber(head.write) or 0) >= tonumber(ARGV[2]) then return 0 end
    isWhole = head.write == tonumber(ARGV[3])
  else redis.call('DEL', KEYS[1]) end
end
if isFromScratch then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], '@', ARGV[4])
for i = 10, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[6], '*', '@', ARGV[4], unpack(ARGV, 10))
redis.call('PEXPIRE', KEYS[2], ARGV[5])
if ARGV[9] ~= '' then redis.call('PUBLISH', ARGV[8], ARGV[9]) end
if isFromScratch or isWhole then return 1 end
return 2`,
);

/**
 * A report of an agent or of a DNS server. KEYS reports times state; ARGV id epoch seq record expiryMs mostReports. Those that have
 * expired are dropped. Returns 1; 0 if a later one is there, or too many are.
 */
export const PUT_REPORT = script(
  3,
  `${NOW}
local id, epoch, seq = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[5]), 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[2], gone)
  redis.call('HDEL', KEYS[1], gone)
end
local known = redis.call('HGET', KEYS[1], id)
if known then
  local ok, other = pcall(cjson.decode, string.match(known, '^%d+ (.*)$') or '')
  if ok and type(other) == 'table' and tonumber(other.epoch) and tonumber(other.seq) then
    if other.epoch > epoch or (other.epoch == epoch and other.seq >= seq) then return 0 end
  end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then return 0 end
redis.call('HSET', KEYS[1], id, string.format('%.0f ', now) .. ARGV[4])
redis.call('ZADD', KEYS[2], now, id)
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('PEXPIRE', KEYS[2], 600000)
redis.call('HINCRBY', KEYS[3], 'reports', 1)
return 1`,
);

/**
 * What is known of loads, demand, spill, round trips and samples of clients. KEYS loads loadTimes demand demandTimes spill rtts clients;
 * ARGV wantsDemand tick mark demandExpiryMs wantsSides. Returns {loads, demand, tick, mark, text, rtts, clients}: records with their ids
 * before them; the text is '' if the step is that of `tick` and `mark`. What has expired, but for demand, is left to the reader.
 */
export const READ_CAPACITY = script(
  7,
  `${NOW}
local demand = {}
if ARGV[1] == '1' then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], now - tonumber(ARGV[4]), '+inf')) do
    local record = redis.call('HGET', KEYS[3], id)
    if record then demand[#demand + 1] = id; demand[#demand + 1] = record end
  end
end
local step = redis.call('HMGET', KEYS[5], 'tick', 'mark')
local text = ''
if step[1] and not (step[1] == ARGV[2] and step[2] == ARGV[3]) then text = redis.call('HGET', KEYS[5], 'text') or '' end
local rtts, clients = {}, {}
if ARGV[5] == '1' then rtts, clients = redis.call('HGETALL', KEYS[6]), redis.call('HGETALL', KEYS[7]) end
return {redis.call('HGETALL', KEYS[1]), demand, step[1] or '', step[2] or '', text, rtts, clients}`,
);

/**
 * A spill step. KEYS spill; ARGV tick and mark of the step that it was made from ('' '' = none), tick, mark, text, idleMs, channel,
 * nudge. Returns 1 if it was taken, 0 if another one has been taken since.
 */
export const SHARE_SPILL = script(
  1,
  `${NOW}
local known = redis.call('HMGET', KEYS[1], 'tick', 'mark', 'at')
local isBase = (known[1] or '') == ARGV[1] and (known[2] or '') == ARGV[2]
local ageMs = now - (tonumber(known[3]) or 0)
if known[1] and not isBase and ageMs >= 0 and ageMs < tonumber(ARGV[6]) then return 0 end
redis.call('HSET', KEYS[1], 'tick', ARGV[3], 'mark', ARGV[4], 'text', ARGV[5], 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 3600000)
redis.call('PUBLISH', ARGV[7], ARGV[8])
return 1`,
);

/**
 * A lease, as mesh/lease-rule.ts decides. KEYS lease; ARGV who ttlMs token. Returns {holder, token, milliseconds that are left}.
 */
export const LEASE = script(
  1,
  `${NOW}
local held = redis.call('HMGET', KEYS[1], 'holder', 'until', 'token')
local who, ttl, claimed = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local holder, ends, token = held[1], tonumber(held[2]), tonumber(held[3])
if not (holder and ends and token) then holder = nil end
local isLost = not holder or holder == ''
if isLost and claimed > 0 then holder, ends, token = who, now + ttl, claimed
elseif not holder then holder, ends, token = '', now + ttl, 0
elseif ends <= now then holder, ends, token = who, now + ttl, math.max(token + 1, now)
elseif holder == who then ends = now + ttl end
redis.call('HSET', KEYS[1], 'holder', holder, 'until', string.format('%.0f', ends), 'token', string.format('%.0f', token))
redis.call('PEXPIRE', KEYS[1], 86400000)
return {holder, string.format('%.0f', token), string.format('%.0f', ends - now)}`,
);

/** Gives a lease back. KEYS lease; ARGV who token. The token stays: the next one is greater. */
export const RELEASE_LEASE = script(
  1,
  `local held = redis.call('HMGET', KEYS[1], 'holder', 'token')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'until', 0)
return 1`,
);

/** One more. KEYS count; ARGV windowMs. Returns {count, ms left}. A count without an end (written by others) gets one. */
export const COUNT = script(
  1,
  `local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}`,
);

/** Writes if there is nothing, or the same, or the former. KEYS text; ARGV text ttlMs [former]. Returns what stands there. */
export const SETTLE = script(
  1,
  `local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[1] and found ~= ARGV[3] then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`,
);
