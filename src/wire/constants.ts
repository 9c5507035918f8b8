// Numbers of the DNS protocol (IANA registry "Domain Name System (DNS) Parameters") and limits of RFC 1035.

export const CLASS_IN = 1;
export const CLASS_CH = 3;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const;

/** EDNS option codes. */
export const OPTION = {
  NSID: 3,
  ECS: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  EDE: 15,
  REPORT_CHANNEL: 18,
} as const;

export const HEADER_SIZE = 12;
export const MAX_NAME_SIZE = 255;
export const MAX_LABEL_SIZE = 63;
/** Largest number of labels in a name of 255 octets, the root not counted. */
export const MAX_LABELS = 127;
/** A compression pointer reaches offsets below this (RFC 1035 section 4.1.4). */
export const POINTER_LIMIT = 0x4000;
export const MAX_TTL_SEC = 0x7fffffff;
