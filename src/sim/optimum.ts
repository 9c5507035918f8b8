// The least distance with which a demand can be served under the sites' targets: the transportation problem, solved exactly by
// HiGHS (a linear program). Where everything is full, load above the targets is allowed at a price above any distance. It knows
// everything at once and moves without delay, so it is a bound, not a policy.

/** Kilometres for a unit above target: more than around the world. */
const OVERLOAD_KM = 100_000;

export interface Transport {
  readonly supply: readonly number[];
  /** Per destination; Infinity = no bound. */
  readonly capacity: readonly number[];
  /** cost[source][destination] in kilometres; null = not allowed. */
  readonly costKm: readonly (readonly (number | null)[])[];
}

export interface Optimum {
  /** Of the whole demand. */
  readonly meanKm: number;
  /** By source, then destination: amounts. */
  readonly flow: readonly (readonly number[])[];
  /** Amount above capacity. */
  readonly overload: number;
}

export type OptimumSolver = (problem: Transport) => Optimum;

/** The solver; undefined where the package `highs` is not installed: it is needed for comparisons only. */
export async function loadOptimumSolver(): Promise<OptimumSolver | undefined> {
  const highs = await import('highs').then(
    // its types describe the CommonJS form, in which the function is a level deeper
    (module) => (module.default as unknown as () => Promise<{ solve(text: string, options: object): Solution }>)(),
    () => undefined,
  );
  return highs && ((problem) => solve(problem, (text) => highs.solve(text, { output_flag: false })));
}

/** The parts of an answer of HiGHS that are looked at. */
interface Solution {
  readonly Status: string;
  readonly Columns: Readonly<Record<string, { readonly Primal?: number }>>;
}

function solve({ supply, capacity, costKm }: Transport, run: (text: string) => Solution): Optimum {
  const costs: string[] = [];
  const rows: string[] = [];
  const into: string[][] = capacity.map(() => []);
  for (const [i, amount] of supply.entries()) {
    const out: string[] = [];
    for (const [j, cost] of costKm[i]!.entries()) {
      if (cost === null) continue;
      costs.push(`${cost} x${i}_${j}`);
      out.push(`x${i}_${j}`);
      into[j]!.push(`x${i}_${j}`);
    }
    rows.push(`s${i}: ${out.join(' + ')} = ${amount}`);
  }
  for (const [j, bound] of capacity.entries()) {
    if (bound === Number.POSITIVE_INFINITY || into[j]!.length === 0) continue;
    costs.push(`${OVERLOAD_KM} o${j}`);
    rows.push(`c${j}: ${into[j]!.join(' + ')} - o${j} <= ${bound}`);
  }
  const solution = run(
    `Minimize\n obj: ${inLines(costs)}\nSubject To\n ${rows.map((row) => inLines(row.split(' + '))).join('\n ')}\nEnd`,
  );
  if (solution.Status !== 'Optimal') throw new Error(`transportation problem: ${solution.Status}`);
  const value = (name: string): number => solution.Columns[name]?.Primal ?? 0;
  const flow = supply.map((_, i) => capacity.map((_, j) => value(`x${i}_${j}`)));
  let km = 0;
  let total = 0;
  for (const [i, row] of flow.entries()) {
    for (const [j, amount] of row.entries()) if (amount > 0) km += amount * costKm[i]![j]!;
    total += supply[i]!;
  }
  const overload = capacity.reduce((sum, _, j) => sum + value(`o${j}`), 0);
  return { meanKm: total > 0 ? km / total : 0, flow, overload };
}

/** A sum in lines that the reader of LP files takes: it has a limit of some hundred characters. */
function inLines(terms: readonly string[]): string {
  let text = '';
  let line = 0;
  for (const [i, term] of terms.entries()) {
    const part = `${i > 0 ? ' + ' : ''}${term}`;
    line += part.length;
    if (line > 200) {
      text += '\n ';
      line = part.length;
    }
    text += part;
  }
  return text;
}
