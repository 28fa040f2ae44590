/** A form for the token of a server that requires one. */

import { useTab } from './verdict.tsx';

interface TokenFormProps {
  /** Whether the last one was refused. */
  readonly isWrong: boolean;
  readonly enter: (token: string) => void;
}

export function TokenForm({ isWrong, enter }: TokenFormProps) {
  useTab({ tone: 'quiet', short: 'token needed' });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof token === 'string' && token !== '') enter(token);
  };
  return (
    <main class="door">
      <form onSubmit={submit}>
        <h1>mqttrep</h1>
        <p>
          This server requires a token: the value of <code>MQTTREP_HTTP_TOKEN</code>, or of the file that{' '}
          <code>MQTTREP_HTTP_TOKEN_FILE</code> names. You find it in the environment of mqttrep.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          pattern="[!-~]+"
          title="ASCII letters, digits and punctuation, without spaces"
        />
        {isWrong ? (
          <p class="bad" role="alert">
            The token is wrong.
          </p>
        ) : null}
        <button type="submit" class="primary">
          Enter
        </button>
        <p class="soft">
          Or open the page with the token: <code>…/#token=TOKEN</code>. Browsers do not send that part.
        </p>
      </form>
    </main>
  );
}
