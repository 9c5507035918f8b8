// What the data plane and the control thread count, and where: one row of numbers per worker in one shared array, and one more
// for the control thread. Each number has one writer, its thread, which adds without locks or messages; anyone may read. Numbers
// are float64: whole up to 2^53, so that they neither wrap (a uint32 would within hours under load) nor cost an object per
// addition (a bigint would), and a reader never sees half of one on the 64-bit machines that Node runs on. Values never go
// down; a restarted worker goes on with its row.

/** Column of each counter in a row. COUNTER_FACTS says what each one means. */
export const COUNTER = {
  UDP_QUERIES: 0,
  STREAM_QUERIES: 1,
  UDP_REPLY_OCTETS: 2,
  STREAM_REPLY_OCTETS: 3,
  DROPPED: 4,
  TRUNCATED: 5,
  EDNS_QUERIES: 6,
  ECS_QUERIES: 7,
  ECS_PRIVATE: 8,
  GSLB_ANSWERS: 9,
  GSLB_NODATA: 10,
  GSLB_SERVFAIL: 11,
  GSLB_UNKNOWN_POLICY: 12,
  REFERRALS: 13,
  EXCEPTIONS: 14,
  REPLIES_NOERROR: 15,
  REPLIES_FORMERR: 16,
  REPLIES_SERVFAIL: 17,
  REPLIES_NXDOMAIN: 18,
  REPLIES_NOTIMP: 19,
  REPLIES_REFUSED: 20,
  REPLIES_YXDOMAIN: 21,
  REPLIES_BADVERS: 22,
  UDP_RECEIVE_ERRORS: 23,
  UDP_SEND_ERRORS: 24,
  UDP_OVERFLOWED: 25,
  TCP_ACCEPTED: 26,
  TCP_ACCEPT_ERRORS: 27,
  TCP_EVICTED: 28,
  TCP_TIMED_OUT: 29,
  TCP_REFUSED: 30,
  TCP_UNREAD: 31,
  TCP_ERRORS: 32,
  TCP_CLOSED: 33,
  TCP_SLOW: 34,
  UDP_QUERY_OCTETS: 35,
  STREAM_QUERY_OCTETS: 36,
  COOKIES_VALID: 37,
  COOKIES_BAD: 38,
  COOKIES_CLIENT_ONLY: 39,
  NSID_QUERIES: 40,
  CHAOS_QUERIES: 41,
  RATE_LIMIT_TRUNCATED: 42,
  RATE_LIMIT_DROPPED: 43,
  RATE_LIMIT_COOKIE: 44,
  GOVERNOR_TRUNCATED: 45,
  GOVERNOR_DROPPED: 46,
  ECS_UNTRUSTED: 47,
  REPLIES_NOTAUTH: 48,
  TSIG_REJECTED: 49,
  ZONE_TRANSFERS: 50,
  UDP_KERNEL_DROPS: 51,
  UDP_OVERSIZED: 52,
  RATE_LIMIT_LARGE: 53,
  VOTES_SENT: 54,
  VOTES_RECEIVED: 55,
  VERDICT_CHANGES: 56,
  STEERING_SWAPS: 57,
  MESH_IGNORED: 58,
} as const;

export type CounterName = keyof typeof COUNTER;

/** Name and labels of a counter in the Prometheus text format, and what it counts. */
export interface CounterFacts {
  readonly metric: string;
  readonly labels: string;
  readonly help: string;
}

const queries = (transport: string): CounterFacts => ({
  metric: 'meridian_dns_queries_total',
  labels: `transport="${transport}"`,
  help: 'DNS messages received.',
});
const queryOctets = (transport: string): CounterFacts => ({
  metric: 'meridian_dns_query_octets_total',
  labels: `transport="${transport}"`,
  help: 'Octets of DNS messages received; compare those of the replies to see amplification.',
});
const replyOctets = (transport: string): CounterFacts => ({
  metric: 'meridian_dns_reply_octets_total',
  labels: `transport="${transport}"`,
  help: 'Octets of DNS replies written.',
});
const replies = (rcode: string): CounterFacts => ({
  metric: 'meridian_dns_replies_total',
  labels: `rcode="${rcode}"`,
  help: 'DNS replies written, by rcode.',
});
const steered = (result: string): CounterFacts => ({
  metric: 'meridian_gslb_answers_total',
  labels: `result="${result}"`,
  help: 'Questions decided by a GSLB record.',
});
const udpErrors = (kind: string): CounterFacts => ({
  metric: 'meridian_dns_udp_errors_total',
  labels: `kind="${kind}"`,
  help: 'Datagrams lost at the socket.',
});
const tcpClosed = (reason: string): CounterFacts => ({
  metric: 'meridian_dns_tcp_cut_off_total',
  labels: `reason="${reason}"`,
  help: 'TCP connections ended by Meridian or by a failure, not by the client.',
});
const cookies = (kind: string): CounterFacts => ({
  metric: 'meridian_dns_cookie_queries_total',
  labels: `cookie="${kind}"`,
  help: 'Queries with a DNS Cookie, by what it was worth.',
});
const limited = (action: string): CounterFacts => ({
  metric: 'meridian_dns_rate_limited_total',
  labels: `action="${action}"`,
  help: 'Queries over UDP beyond the budget of a network around their source.',
});
const shed = (action: string): CounterFacts => ({
  metric: 'meridian_dns_overload_total',
  labels: `action="${action}"`,
  help: 'Queries over UDP beyond what this server was set to answer in all.',
});
const health = (name: string, labels: string, help: string): CounterFacts => ({
  metric: `meridian_health_${name}_total`,
  labels,
  help,
});
const plain = (name: string, help: string): CounterFacts => ({ metric: `meridian_dns_${name}_total`, labels: '', help });

export const COUNTER_FACTS: { readonly [name in CounterName]: CounterFacts } = {
  UDP_QUERIES: queries('udp'),
  STREAM_QUERIES: queries('stream'),
  UDP_REPLY_OCTETS: replyOctets('udp'),
  STREAM_REPLY_OCTETS: replyOctets('stream'),
  DROPPED: plain(
    'dropped',
    'Messages that may not be answered: too short, responses, from a port that echoes, or beyond a limit.',
  ),
  TRUNCATED: plain('truncated', 'Replies with TC=1: a required RRset did not fit.'),
  EDNS_QUERIES: plain('edns_queries', 'Queries with an OPT record.'),
  ECS_QUERIES: plain('ecs_queries', 'Queries with a client subnet that names a network.'),
  ECS_PRIVATE: plain('ecs_private', "Questions steered by the resolver's address because the client subnet is private."),
  GSLB_ANSWERS: steered('answer'),
  GSLB_NODATA: steered('nodata'),
  GSLB_SERVFAIL: steered('servfail'),
  GSLB_UNKNOWN_POLICY: steered('unknown-policy'),
  REFERRALS: plain('referrals', 'Replies that delegate to the servers of a child zone.'),
  EXCEPTIONS: plain('exceptions', 'Messages on which the responder itself failed; each one is a bug.'),
  REPLIES_NOERROR: replies('NOERROR'),
  REPLIES_FORMERR: replies('FORMERR'),
  REPLIES_SERVFAIL: replies('SERVFAIL'),
  REPLIES_NXDOMAIN: replies('NXDOMAIN'),
  REPLIES_NOTIMP: replies('NOTIMP'),
  REPLIES_REFUSED: replies('REFUSED'),
  REPLIES_YXDOMAIN: replies('YXDOMAIN'),
  REPLIES_BADVERS: replies('BADVERS'),
  REPLIES_NOTAUTH: replies('NOTAUTH'),
  TSIG_REJECTED: plain('tsig_rejected', 'Signed queries whose key, signature or time was not accepted.'),
  ZONE_TRANSFERS: plain('zone_transfers', 'Zone transfers begun.'),
  UDP_RECEIVE_ERRORS: udpErrors('receive'),
  UDP_SEND_ERRORS: udpErrors('send'),
  UDP_OVERFLOWED: udpErrors('overflow'),
  UDP_KERNEL_DROPS: udpErrors('kernel'),
  UDP_OVERSIZED: udpErrors('oversize'),
  TCP_ACCEPTED: plain('tcp_connections', 'TCP connections accepted.'),
  TCP_ACCEPT_ERRORS: plain(
    'tcp_accept_errors',
    'TCP connections that the system could not hand over, mostly for lack of descriptors.',
  ),
  TCP_EVICTED: tcpClosed('evicted'),
  TCP_TIMED_OUT: tcpClosed('timeout'),
  TCP_REFUSED: tcpClosed('framing'),
  TCP_UNREAD: tcpClosed('unread'),
  TCP_ERRORS: tcpClosed('error'),
  TCP_CLOSED: plain('tcp_closed', 'TCP connections that are over, for whatever reason; the others accepted are open.'),
  TCP_SLOW: tcpClosed('slow'),
  UDP_QUERY_OCTETS: queryOctets('udp'),
  STREAM_QUERY_OCTETS: queryOctets('stream'),
  COOKIES_VALID: cookies('valid'),
  COOKIES_BAD: cookies('bad'),
  COOKIES_CLIENT_ONLY: cookies('client-only'),
  NSID_QUERIES: plain('nsid_queries', 'Queries that ask for the name of this server (NSID).'),
  CHAOS_QUERIES: plain('chaos_queries', 'Questions of class CH for text, which are about the server itself.'),
  RATE_LIMIT_TRUNCATED: limited('truncated'),
  RATE_LIMIT_DROPPED: limited('dropped'),
  RATE_LIMIT_COOKIE: plain('rate_limit_exempt', 'Queries that no limit was applied to because their cookie is valid.'),
  RATE_LIMIT_LARGE: plain(
    'rate_limit_large',
    'Queries over UDP that were sent to TCP because all large replies together were beyond their budget.',
  ),
  GOVERNOR_TRUNCATED: shed('truncated'),
  GOVERNOR_DROPPED: shed('dropped'),
  VOTES_SENT: health('votes', 'direction="sent"', 'Votes cast by this prober, and votes of others that were received.'),
  VOTES_RECEIVED: health('votes', 'direction="received"', 'Votes cast by this prober, and votes of others that were received.'),
  VERDICT_CHANGES: health('verdict_changes', '', 'Times that a target came up or went down.'),
  STEERING_SWAPS: health('steering_swaps', '', 'Steering images that a change of health has brought to all workers.'),
  MESH_IGNORED: health('mesh_ignored', '', 'Records of the mesh that were foreign, damaged or of another version.'),
  ECS_UNTRUSTED: plain('ecs_untrusted', 'Questions whose client subnet was ignored: not from one of the trusted resolvers.'),
};

/** A value for each counter, such as its sum over all threads. */
export type CounterTotals = Readonly<Record<CounterName, number>>;

const REPLIES = 'REPLIES_';

/** The counters of DNS replies, each with its rcode. */
export const REPLY_COUNTERS: readonly (readonly [name: CounterName, rcode: string])[] = (Object.keys(COUNTER) as CounterName[])
  .filter((name) => name.startsWith(REPLIES))
  .map((name) => [name, name.slice(REPLIES.length)]);

/** Replies of whatever rcode. */
export const repliesOf = (totals: CounterTotals): number => REPLY_COUNTERS.reduce((sum, [name]) => sum + totals[name], 0);

const COUNTERS = Object.keys(COUNTER).length;
/** Numbers per row: whole cache lines of 64 octets, so that two workers never write to the same one. */
const ROW = Math.ceil(COUNTERS / 8) * 8;

/** Octets of shared memory that the counters of so many threads need. */
export const countersSize = (threads: number): number => threads * ROW * Float64Array.BYTES_PER_ELEMENT;

/** The counters of all threads, over a buffer of countersSize() octets that was zero at first. */
export class Counters {
  readonly #all: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#all = new Float64Array(buffer);
  }

  /** The row of one thread, indexed by COUNTER; only that thread may write to it. */
  row(thread: number): Float64Array {
    return this.#all.subarray(thread * ROW, thread * ROW + COUNTERS);
  }

  /** A counter summed over all threads. */
  total(name: CounterName): number {
    let sum = 0;
    for (let at = COUNTER[name]; at < this.#all.length; at += ROW) sum += this.#all[at]!;
    return sum;
  }
}
