// Where a client network is, as far as steering may know. Absent facts are null: unknown is not zero.

export interface Place {
  /** Two letters: AF AN AS EU NA OC SA. */
  readonly continent: string | null;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string | null;
  /** ISO 3166-2, such as `US-CA`. */
  readonly subdivision: string | null;
  readonly asn: number | null;
  /** Degrees; both present or both null. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** A word that an operator's network map gives to a network. */
  readonly tag: string | null;
  /** Indexes of the networks named in policies (Steering.networks) that cover this place, shortest prefix first. */
  readonly networks: readonly number[];
}

export const NOWHERE: Place = {
  continent: null,
  country: null,
  subdivision: null,
  asn: null,
  latitude: null,
  longitude: null,
  tag: null,
  networks: [],
};

/** Cells with a fixed number: no database knows the network / a private network (RFC 1918 and the like) that none places. */
export const CELL_UNKNOWN = 0;
export const CELL_PRIVATE = 1;
