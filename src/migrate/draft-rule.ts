// How a policy of an import chooses, in the words of the configuration.

export type DraftRule =
  | { readonly pool: string }
  | {
      readonly nearest: {
        readonly pool: string;
        readonly tieBand: string;
        readonly bias?: Readonly<Record<string, number>>;
      };
    }
  | { readonly failover: readonly DraftRule[] }
  | { readonly weighted: readonly { readonly weight: number; readonly rule: DraftRule }[] }
  | { readonly map: DraftMap };

export interface DraftMap {
  readonly network?: Readonly<Record<string, DraftRule>>;
  readonly asn?: Readonly<Record<string, DraftRule>>;
  readonly subdivision?: Readonly<Record<string, DraftRule>>;
  readonly country?: Readonly<Record<string, DraftRule>>;
  readonly continent?: Readonly<Record<string, DraftRule>>;
  readonly default: DraftRule;
}
