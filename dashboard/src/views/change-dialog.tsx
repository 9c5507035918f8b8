// Asks back before anything changes: names the effect, as forecast by the code that steers, and wants a reason.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Forecast } from '../../../src/admin/schemas/changes.ts';
import { drain, forecastDrain, forecastRecall, type Preview, recall, type Session } from '../data/api.ts';
import { ApiError } from '../data/http.ts';
import { ACTION_TEXT } from '../state.ts';
import { listText, plural } from '../text.ts';
import type { Wish } from './site-list.tsx';

interface Props {
  readonly wish: Wish;
  readonly session: Session | null;
  /** Members that it names. */
  readonly members: readonly string[];
  onClose(): void;
  /** It is done: what is shown has changed. */
  onDone(): void;
}

const AUTHOR_KEY = 'meridian-author';
const HOUR_SEC = 3600;
const LENGTHS: readonly (readonly [text: string, forSec: number])[] = [
  ['30 minutes', HOUR_SEC / 2],
  ['2 hours', 2 * HOUR_SEC],
  ['8 hours', 8 * HOUR_SEC],
  ['24 hours', 24 * HOUR_SEC],
  ['until it is taken back', 0],
];
const USUAL_LENGTH_SEC = 2 * HOUR_SEC;

export function ChangeDialog({ wish, session, members, onClose, onDone }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isDrain = wish.kind === 'drain';

  const foresee = (): void => {
    (isDrain ? forecastDrain(wish.what) : forecastRecall(wish.order)).then(setPreview, (error: unknown) => {
      if (error instanceof ApiError) setRefusal(error);
    });
  };
  useEffect(() => {
    dialog.current!.showModal();
    foresee();
  }, []);

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string): string => String(form.get(name) ?? '').trim();
    setBusy(true);
    setRefusal(null);
    try {
      const etag = preview?.etag ?? '';
      if (isDrain) {
        const forSec = Number(field('length'));
        sessionStorage.setItem(AUTHOR_KEY, field('author'));
        await drain(
          {
            what: wish.what,
            reason: field('reason'),
            author: field('author'),
            forSec: forSec === 0 ? null : forSec,
            breakGlass: form.has('breakGlass'),
          },
          etag,
        );
      } else await recall(wish.order, form.has('breakGlass'), etag);
      onDone();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal(error);
      // The orders have changed since the forecast: show what would happen now.
      if (error.code === 'ERR_API_VERSION' || error.code === 'ERR_SAFETY') foresee();
    } finally {
      setBusy(false);
    }
  };

  const name = isDrain ? wish.label : wish.order.glob;
  const broken = preview?.forecast.broken ?? [];
  const mayBreak = session?.role === 'admin';
  const title = isDrain ? `Drain ${name}?` : `Take back: ${name} ${ACTION_TEXT[wish.order.action]}?`;
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <h2 id="dialog-title">{title}</h2>
        <p>
          {isDrain
            ? `Its share of the answers goes down to nothing over the configured time of draining, except where nobody else is left. It concerns ${plural(members.length, 'member')}: ${listText(members, 8)}.`
            : `${plural(members.length, 'member')} ${members.length === 1 ? 'follows' : 'follow'} what is seen again: ${listText(members, 8)}.`}
        </p>
        <Effect preview={preview} />
        {isDrain && (
          <>
            <label>
              <span class="label">Reason, for those who find it</span>
              <input name="reason" required maxLength={1000} autocomplete="off" />
            </label>
            <div class="pair">
              {session?.isOpen !== false && (
                <label>
                  <span class="label">Your name</span>
                  <input
                    name="author"
                    required
                    maxLength={256}
                    autocomplete="username"
                    defaultValue={sessionStorage.getItem(AUTHOR_KEY) ?? ''}
                  />
                </label>
              )}
              <label>
                <span class="label">For</span>
                <select name="length" defaultValue={String(USUAL_LENGTH_SEC)}>
                  {LENGTHS.map(([text, forSec]) => (
                    <option key={text} value={forSec} selected={forSec === USUAL_LENGTH_SEC}>
                      {text}
                    </option>
                  ))}
                </select>
              </label>
            </div>
          </>
        )}
        {broken.length > 0 && (
          <div class="refusal">
            <p>A safety rule forbids it:</p>
            <ul>
              {broken.map(({ rule, message }) => (
                <li key={rule}>{message}</li>
              ))}
            </ul>
            {mayBreak && (
              <label class="check">
                <input type="checkbox" name="breakGlass" required /> Break the glass: do it all the same. It is audited.
              </label>
            )}
          </div>
        )}
        <p class="refusal" role="alert">
          {refusal?.message ?? ''}
        </p>
        <div class="buttons">
          <button type="button" class="act" onClick={() => dialog.current!.close()}>
            Cancel
          </button>
          <button type="submit" class={isDrain ? 'danger' : 'primary'} disabled={isBusy || (broken.length > 0 && !mayBreak)}>
            {isDrain ? `Drain ${name}` : 'Take it back'}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Effect({ preview }: { readonly preview: Preview | null }) {
  if (preview === null) return <p class="quiet">Computing what it would do ...</p>;
  const { sitesServing, capacityPercent, movedPercent, sites } = preview.forecast;
  return (
    <div class="effect">
      <dl class="effect-facts">
        <Change label="Sites serving" before={`${sitesServing.before}`} after={`${sitesServing.after}`} />
        <Change label="Capacity" before={percent(capacityPercent.before)} after={percent(capacityPercent.after)} />
        <div>
          <dt>Stops serving</dt>
          <dd>{percent(movedPercent)}</dd>
        </div>
      </dl>
      {sites !== null && <Shares sites={sites} />}
      {sites?.flatMap(({ site, stays }) =>
        stays.map(({ policy, percent: left, lastResort }) => (
          <p key={`${site} ${policy}`} class="quiet">
            {percent(left)} stays at {site}: {policy} has nobody else, and its last resort is {lastResort}.
          </p>
        )),
      )}
    </div>
  );
}

function Change({ label, before, after }: { readonly label: string; readonly before: string; readonly after: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{before === after ? `${after}, as now` : `${before} → ${after}`}</dd>
    </div>
  );
}

function Shares({ sites }: { readonly sites: NonNullable<Forecast['sites']> }) {
  const moved = sites.filter(({ beforePercent, afterPercent }) => Math.abs(afterPercent - beforePercent) >= 0.05);
  if (moved.length === 0) return <p>No share of the answers changes.</p>;
  return (
    <table class="shares">
      <caption>Share of the answers, every country counted once</caption>
      <thead>
        <tr>
          <th scope="col">Site</th>
          <th scope="col" class="number">
            now
          </th>
          <th scope="col" class="number">
            then
          </th>
          <th scope="col" class="number">
            change
          </th>
        </tr>
      </thead>
      <tbody>
        {moved.map(({ site, beforePercent, afterPercent }) => (
          <tr key={site}>
            <th scope="row">{site}</th>
            <td class="number">{percent(beforePercent)}</td>
            <td class="number">{percent(afterPercent)}</td>
            <td class={afterPercent > beforePercent ? 'number gain' : 'number loss'}>
              {afterPercent > beforePercent ? '+' : '−'}
              {percent(Math.abs(afterPercent - beforePercent))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const percent = (number: number): string => `${number.toFixed(number < 10 && number % 1 !== 0 ? 1 : 0)} %`;
