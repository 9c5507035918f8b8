// Asks for a token where the server wants one. It is kept in this tab only and goes nowhere but to this server.

import { keepToken, readToken } from '../data/http.ts';

interface Props {
  /** What the server said of the last one; empty = nothing yet. */
  readonly refusal: string;
  onToken(): void;
}

export function TokenForm({ refusal, onToken }: Props) {
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    keepToken(String(new FormData(event.currentTarget as HTMLFormElement).get('token') ?? '').trim());
    onToken();
  };
  return (
    <main class="door">
      <form onSubmit={send}>
        <h1>Meridian</h1>
        <p>This server asks for a token. An administrator makes one with</p>
        <p>
          <code>meridian token new --role operator</code>
        </p>
        <label>
          <span class="label">Token</span>
          <input name="token" type="password" required autofocus autocomplete="current-password" />
        </label>
        <p class="refusal" role="alert">
          {readToken() === '' ? '' : refusal}
        </p>
        <button type="submit" class="primary">
          Continue
        </button>
        <p class="quiet">It is kept until this tab is closed.</p>
      </form>
    </main>
  );
}
