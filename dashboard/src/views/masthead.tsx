// The head of the page: which server speaks, how it is connected to the others, and whether what is shown is live.

import type { Status } from '../../../src/admin/schemas/status.ts';
import type { Session } from '../data/api.ts';
import { keepToken, readToken } from '../data/http.ts';
import type { LiveState } from '../data/live.ts';
import { plural, roundLengthText } from '../text.ts';

interface Props {
  readonly status: Status;
  readonly session: Session | null;
  readonly stream: LiveState['stream'];
  readonly isStale: boolean;
}

export function Masthead({ status, session, stream, isStale }: Props) {
  const { self, version, upSec, mesh, peers } = status;
  const probers = peers.filter(({ roles }) => roles.includes('probe')).length;
  const meshText = mesh.kind === 'memory' ? 'alone' : `mesh ${mesh.state}`;
  return (
    <header class="masthead">
      <h1>
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="16" cy="16" r="13" />
          <path d="M16 3c-6 7-6 19 0 26M16 3c6 7 6 19 0 26" />
        </svg>
        Meridian
      </h1>
      <p class="facts-line">
        <b>{self.id}</b>
        <span>{self.region}</span>
        <span>version {version}</span>
        <span>up {roundLengthText(upSec * 1000)}</span>
        <span>{meshText}</span>
        <span>{plural(probers, 'prober')}</span>
      </p>
      <p class="who">
        {session !== null && <span>{session.isOpen ? 'open on this machine' : `${session.name} (${session.role})`}</span>}
        {readToken() !== '' && (
          <button
            type="button"
            class="act"
            onClick={() => {
              keepToken('');
              location.reload();
            }}
          >
            Forget token
          </button>
        )}
        <span class={`stream ${isStale ? 'tone-bad' : 'tone-good'}`} data-stream={stream}>
          {isStale ? 'stale' : stream === 'open' ? 'live' : 'connecting'}
        </span>
      </p>
    </header>
  );
}
