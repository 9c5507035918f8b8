// Which answers are told one by one, and to whom. Checked, plain data, deeply readonly. docs/observe.md.

/** Where a line for each told answer goes: the log of the server, or a file of its own (absolute path). */
export type DecisionLog = { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly file: string };

export interface DecisionSettings {
  /** null = no lines. */
  readonly log: DecisionLog | null;
  /** Where dnstap frames go: a Unix socket on which somebody listens, a file, or both; null = not there. */
  readonly dnstap: { readonly socket: string | null; readonly file: string | null };
  /** One answer in so many of each policy that `policies` does not name; 0 = none. */
  readonly oneIn: number;
  /** Likewise, by policy id. */
  readonly policies: Readonly<Record<string, number>>;
  /** Likewise, of the replies that no policy decides. */
  readonly unsteered: number;
  /** Answers a second that are told at most, by all threads together. */
  readonly perSecond: number;
  /** Leading bits of a client's address that are told. */
  readonly v4Bits: number;
  readonly v6Bits: number;
  /** Octets after which a file is put aside. */
  readonly fileSize: number;
}

/** Whether anything is told at all. */
export const tellsDecisions = ({ log, dnstap }: DecisionSettings): boolean =>
  log !== null || dnstap.socket !== null || dnstap.file !== null;
