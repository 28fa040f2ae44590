/** A form for the token of a server that requires one. */

interface TokenFormProps {
  /** Whether the last one was refused. */
  readonly isWrong: boolean;
  readonly enter: (token: string) => void;
}

export function TokenForm({ isWrong, enter }: TokenFormProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof token === 'string' && token !== '') enter(token);
  };
  return (
    <main class="door">
      <form onSubmit={submit}>
        <h1>mqttrep</h1>
        <p>This server requires a token: the value of MQTTREP_HTTP_TOKEN.</p>
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
        <button type="submit">Enter</button>
      </form>
    </main>
  );
}
