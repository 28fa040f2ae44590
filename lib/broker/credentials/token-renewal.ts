/**
 * Renews the token that a connection was opened with, before it ends: reads the secret again at 80 % of its life, and authenticates
 * with the new one. Where the broker accepts AUTH of MQTT 5, the connection stands. Elsewhere mqttrep disconnects, and connects
 * again at once.
 *
 * While the secret is still the same token, it is read again from time to time, at most once a second.
 */

import type { LogLevel } from '../../protocol/messages.ts';
import { isRereadable, secretIn, secretOption, withSecrets } from './secrets.ts';
import { type Token, tokenIn } from './token.ts';

/** The part of its life after which a token is renewed. */
const RENEWED_AT = 0.8;

/** The part of the remaining life after which mqttrep tries again. */
const RETRY_AT = 0.25;

const MIN_RETRY_MS = 1_000;
/** The period of the attempts after the token has ended. */
const RETRY_AFTER_END_MS = 60_000;
/** Longest timer: after it the time is read again, because the clock may have been set. */
const MAX_TIMER_MS = 60 * 60 * 1000;

/** A connection, as far as its token goes. */
export interface WithToken {
  /** The password, or the data of `authenticationMethod`, that CONNECT had. */
  readonly secret: string | undefined;
  readonly closed: Promise<unknown>;
  /** Resolves with the reason if the broker does not accept it. Undefined without `authenticationMethod`. */
  readonly reauthenticate: ((secret: string) => Promise<string | undefined>) | undefined;
}

export interface TokenRenewalDeps {
  /** The options of the broker, as configured. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly log: (level: LogLevel, message: string) => void;
}

export class TokenRenewal {
  readonly #deps: TokenRenewalDeps;
  #connection: WithToken | undefined;
  #endConnection: () => Promise<void> = () => Promise.resolve();
  #secret: string | undefined;
  #token: Token | undefined;
  /** When this token was read for the first time: some do not say when they were issued. */
  #readAt = 0;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #giveUp = new AbortController();
  #isReconnecting = false;
  /** False once the broker has refused an AUTH. */
  #acceptsAuth = true;

  constructor(deps: TokenRenewalDeps) {
    this.#deps = deps;
  }

  /** The seconds until the token ends; negative after it. Undefined without a token. */
  get secondsLeft(): number | undefined {
    return this.#token && (this.#token.endsAt - Date.now()) / 1000;
  }

  /** The last connection was ended in order to renew its token: the next one begins at once, with the same session. */
  get isReconnecting(): boolean {
    return this.#isReconnecting;
  }

  /**
   * A connection stands. Its token is renewed in time until the connection ends.
   * @param end disconnects, so that the next connection begins at once
   */
  connected(connection: WithToken, end: () => Promise<void>): void {
    this.end();
    this.#isReconnecting = false;
    this.#endConnection = end;
    this.#connection = connection;
    this.#giveUp = new AbortController();
    void connection.closed.then(() => {
      if (connection === this.#connection) this.end();
    });
    this.#take(connection.secret);
    if (this.#token !== undefined && this.#token.endsAt <= Date.now())
      this.#deps.log(
        'warn',
        `${this.#what} has ended by the clock of this machine, and the broker accepts it; correct the clock`,
      );
    this.#schedule();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#giveUp.abort();
    this.#connection = undefined;
  }

  get #what(): string {
    return `the token in \`${secretOption(this.#deps.options)}\``;
  }

  #take(secret: string | undefined): void {
    if (secret !== this.#secret) this.#readAt = Date.now();
    this.#secret = secret;
    this.#token = secret === undefined ? undefined : tokenIn(secret);
    this.#attempts = 0;
  }

  #schedule(): void {
    if (this.#token === undefined) return;
    const wait = waitFor(this.#token, this.#readAt);
    this.#timer = setTimeout(
      () => {
        if (wait > MAX_TIMER_MS) this.#schedule();
        else void this.#renew();
      },
      Math.min(wait, MAX_TIMER_MS),
    );
  }

  async #renew(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    const next = await this.#read();
    if (connection !== this.#connection) return;
    if ('secret' in next) await this.#renewWith(next.secret, connection);
    else this.#retry(next.problem);
  }

  /** Reads the secret again. Returns it if it is a newer token, or what is wrong with it, and the fix. */
  async #read(): Promise<{ readonly secret: string } | { readonly problem: string }> {
    const { options } = this.#deps;
    try {
      const secret = secretIn(await withSecrets(options, this.#giveUp.signal));
      const isFile = 'passwordFile' in options;
      if (secret === undefined || secret === this.#secret)
        return { problem: isFile ? SAME.file : isRereadable(options) ? SAME.command : SAME.inline };
      const token = tokenIn(secret);
      if (token === undefined)
        return { problem: `what replaces it is no token with an end; write a JWT or a SAS` };
      if (token.endsAt <= Date.now())
        return {
          problem:
            'the token that replaces it has ended, too; correct what issues it, or the clock of this machine',
        };
      return { secret };
    } catch (error) {
      return { problem: `${(error as Error).message}; correct it` };
    }
  }

  #retry(problem: string): void {
    if (this.#token === undefined) return;
    const { options, log } = this.#deps;
    const attempts = ++this.#attempts;
    const left = Math.round((this.#token.endsAt - Date.now()) / 1000);
    const end = left > 0 ? `ends in ${left} s` : 'has ended';
    const isFinal = !isRereadable(options);
    const wait = Math.round(waitFor(this.#token, this.#readAt) / 1000);
    const level = Number.isInteger(Math.log2(attempts)) ? 'warn' : 'debug';
    log(level, `${this.#what} ${end}: ${problem}${isFinal ? '' : `; mqttrep reads it again in ${wait} s`}`);
    if (!isFinal) this.#schedule();
  }

  async #renewWith(secret: string, connection: WithToken): Promise<void> {
    // A broker that refuses may disconnect: that is no loss of the connection.
    this.#isReconnecting = true;
    const { reauthenticate } = connection;
    if (reauthenticate !== undefined && this.#acceptsAuth) {
      const refusal = await reauthenticate(secret);
      if (refusal === undefined) {
        this.#renewed(secret, connection);
        return;
      }
      this.#acceptsAuth = false;
      this.#deps.log(
        'warn',
        `the broker does not accept a new token by AUTH (${refusal}); mqttrep renews it by a reconnect, now and later`,
      );
    } else this.#deps.log('info', `${this.#what} ends soon; reconnecting with a new one`);
    await this.#endConnection();
  }

  #renewed(secret: string, connection: WithToken): void {
    if (connection !== this.#connection) return;
    this.#isReconnecting = false;
    this.#take(secret);
    const left = Math.round(this.secondsLeft ?? 0);
    this.#deps.log('info', `the broker has accepted a new token, which ends in ${left} s`);
    this.#schedule();
  }
}

const SAME = {
  file: 'the file still has the same one; write a new one into it',
  command: 'the command still prints the same one; correct what issues its tokens',
  inline:
    'mqttrep cannot renew it; write tokens into a file and name it as `passwordFile`, or have `passwordCommand` print them',
} as const;

/** Milliseconds until the token is to be renewed; after that, until the next attempt. */
function waitFor({ issuedAt, endsAt }: Token, readAt: number): number {
  const begin = Math.min(issuedAt ?? readAt, readAt);
  const now = Date.now();
  const due = begin + RENEWED_AT * (endsAt - begin) - now;
  if (due > 0) return due;
  return endsAt > now ? Math.max(MIN_RETRY_MS, RETRY_AT * (endsAt - now)) : RETRY_AFTER_END_MS;
}
