// Why a client gets the answer it gets: the whole chain of reasons, from the code that answers.

import { useState } from 'preact/hooks';
import type { Explanation } from '../../../src/admin/schemas/steering.ts';
import { fetchExplanation } from '../data/api.ts';
import { ApiError } from '../data/http.ts';
import { Panel } from '../parts/panel.tsx';
import { countryName, listText } from '../text.ts';

const TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'NS', 'SOA', 'HTTPS'];

type Outcome = { readonly explanation: Explanation } | { readonly error: string } | null;

export function Explain() {
  const [outcome, setOutcome] = useState<Outcome>(null);
  const [isBusy, setBusy] = useState(false);
  const ask = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string): string => String(form.get(name) ?? '').trim();
    setBusy(true);
    try {
      setOutcome({ explanation: await fetchExplanation(field('name'), field('client'), field('type')) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setOutcome({ error: error.message });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel id="explain" title="Explain an answer">
      <form class="explain-form" onSubmit={(event) => void ask(event)}>
        <label>
          <span class="label">Name</span>
          <input
            name="name"
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            placeholder="www.example.test"
          />
        </label>
        <label>
          <span class="label">Client address or network</span>
          <input name="client" required autocomplete="off" autocapitalize="none" spellcheck={false} placeholder="192.0.2.1" />
        </label>
        <label>
          <span class="label">Type</span>
          <select name="type">
            {TYPES.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary" disabled={isBusy}>
          Explain
        </button>
      </form>
      <div class="explanation" role="status">
        {outcome !== null && ('error' in outcome ? <p class="refusal">{outcome.error}</p> : <Answer {...outcome.explanation} />)}
      </div>
    </Panel>
  );
}

function Answer({ client, network, evidence, zone, steered, steering, rcode, answers, scopePrefixLen }: Explanation) {
  const place = steering?.place.country ?? null;
  return (
    <>
      <p class="verdict">
        {client}
        {place === null ? '' : ` in ${countryName(place)}`} gets{' '}
        <b>
          {steering === null || steering.shares.length === 0
            ? rcode
            : listText([...new Set(steering.shares.map(({ site }) => site))])}
        </b>
      </p>
      <ul class="records">
        {answers.map((record) => (
          <li key={record}>
            <code>{record.replaceAll('\t', ' ')}</code>
          </li>
        ))}
        {answers.length === 0 && <li>{rcode}, no record</li>}
      </ul>
      <dl class="facts">
        <dt>Zone</dt>
        <dd>{zone ?? 'none of ours'}</dd>
        {steering !== null && (
          <>
            <dt>Policy</dt>
            <dd>
              {steering.policy} at {steered}, {steering.pick}
            </dd>
          </>
        )}
        <dt>Place</dt>
        <dd>{evidence.length === 0 ? 'nothing is known of this network' : evidence.join('; ')}</dd>
        <dt>Same answer for</dt>
        <dd>
          {network}
          {scopePrefixLen === null ? '' : `, ECS scope /${scopePrefixLen}`}
        </dd>
        {steering?.lastResort != null && (
          <>
            <dt>Last resort</dt>
            <dd>{steering.lastResort}: nothing that the policy may choose is up</dd>
          </>
        )}
      </dl>
      {steering !== null && <Steps steps={steering.steps} shares={steering.shares} />}
    </>
  );
}

type Steering = NonNullable<Explanation['steering']>;
type Step = Steering['steps'][number];

function Steps({ steps, shares }: Pick<Steering, 'steps' | 'shares'>) {
  const shareOf = new Map(shares.map(({ member, weight, total }) => [member, (100 * weight) / total]));
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li key={step.path} class={`depth-${Math.min(step.depth, 6)}`}>
          <p>
            <b>{step.kind}</b> <code>{step.path}</code>
            {step.rule !== null && (
              <span>
                : {step.rule.matched} leads to <code>{step.rule.child}</code>
              </span>
            )}
          </p>
          {step.considered.length > 0 && (
            <ul class="considered">
              {step.considered.map(({ name, site, fate, why }) => (
                <li key={name} class={`consideration fate-${fate}`}>
                  <span class="fate">{fate}</span>
                  <span class="what">
                    {name}
                    {shareOf.has(name) ? ` ${shareOf.get(name)!.toFixed(0)} %` : ''}
                  </span>
                  <span class="why">
                    {distanceText(step, site)}
                    {why}
                  </span>
                </li>
              ))}
            </ul>
          )}
          {step.considered.length === 0 && step.rule === null && <p class="quiet">not needed</p>}
        </li>
      ))}
    </ol>
  );
}

function distanceText({ sites }: Step, site: string | null): string {
  const ranked = sites?.find((each) => each.site === site);
  if (ranked?.distanceKm == null || ranked.biasedKm === null) return '';
  const bias = ranked.biasPercent === 0 ? '' : `, counted as ${ranked.biasedKm.toFixed(0)} km`;
  return `${ranked.distanceKm.toFixed(0)} km${bias}; `;
}
