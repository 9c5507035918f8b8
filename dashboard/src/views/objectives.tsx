// What this server promises and how well it keeps it: of each objective the error budget that is left, and how fast it burns over four
// windows. At a burn rate of 1 the budget lasts exactly as long as it should.

import type { Objective } from '../../../src/admin/schemas/watch.ts';
import { Panel } from '../parts/panel.tsx';
import { steady } from '../parts/steady.tsx';

const WIDTH = 100;
/** Over this the budget is used up before its time. */
const AS_PROMISED = 1;

const TITLES = { availability: 'Availability', steering: 'Steering' } as const;
const MEANING = {
  availability: 'of the queries are answered, neither lost nor SERVFAIL',
  steering: 'of the steered answers follow what is known of health and load',
} as const;

export const Objectives = steady(({ objectives }: { readonly objectives: readonly Objective[] }) => {
  const burning = objectives.filter((one) => one.burning !== null).length;
  const title = objectives.length === 0 ? 'none' : burning === 0 ? 'kept' : `${burning} burning`;
  return (
    <Panel id="objectives" title="Objectives" aside={<span class="count">{title}</span>}>
      {objectives.length === 0 && <p class="empty">This process answers no queries, so it promises nothing.</p>}
      {objectives.map((one) => (
        <Promised key={one.name} objective={one} />
      ))}
    </Panel>
  );
});

function Promised({ objective: { name, objective, budgetLeft, burning, windows } }: { readonly objective: Objective }) {
  const left = Math.max(0, Math.min(1, budgetLeft));
  const tone = budgetLeft <= 0 ? 'bad' : burning !== null ? 'warn' : 'good';
  return (
    <section class={`promise tone-${tone}`} data-objective={name} aria-labelledby={`objective-${name}`}>
      <h3 id={`objective-${name}`}>
        {TITLES[name]} {percentText(objective)}
      </h3>
      <p class="quiet">{MEANING[name]}</p>
      {burning !== null && <p class="refusal">{burning}</p>}
      <svg class="budget" viewBox={`0 0 ${WIDTH} 6`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="budget-track" width={WIDTH} height="6" />
        <rect class="budget-left" width={WIDTH * left} height="6" />
      </svg>
      <p class="quiet">{budgetText(budgetLeft)}</p>
      <table class="burns">
        <caption class="hidden">{TITLES[name]}: burn rates</caption>
        <thead>
          <tr>
            <th scope="col">over</th>
            <th scope="col">burn rate</th>
            <th scope="col">bad</th>
            <th scope="col">of answers</th>
          </tr>
        </thead>
        <tbody>
          {windows.map(({ window, burnRate, bad, total }) => (
            <tr key={window}>
              <th scope="row">{WINDOWS[window]}</th>
              <td class={burnRate > AS_PROMISED ? 'is-fast' : ''}>{total === 0 ? 'no answers' : burnText(burnRate)}</td>
              <td>{countText(bad)}</td>
              <td>{countText(total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const WINDOWS = { '5m': '5 min', '1h': '1 h', '6h': '6 h', '3d': '3 d' } as const;

/** `99.99 %`, with as many digits as were promised. */
const percentText = (part: number): string => `${Number((100 * part).toFixed(4))} %`;

const budgetText = (left: number): string =>
  left < 0
    ? `the error budget of 3 days is overdrawn by ${Math.round(-100 * left)} %`
    : `${Math.round(100 * left)} % of the error budget of 3 days is left`;

const burnText = (rate: number): string => (rate === 0 ? '0' : rate < 0.1 ? '< 0.1' : rate.toFixed(1));

const countText = (count: number): string => new Intl.NumberFormat('en-GB').format(count);
