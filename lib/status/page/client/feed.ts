/**
 * The event stream of the server, for as long as the page is open. When it ends or falls silent, the page connects again,
 * with backoff. The listener gets every change of the link and of the status, and no errors.
 */

import { backoff } from '../../../core/backoff.ts';
import type { Delta, Status } from '../../api.ts';
import { EventStreamReader, type ServerEvent } from '../model/event-stream.ts';
import type { Link } from '../model/link.ts';
import { withDelta } from '../model/live-status.ts';
import { type Server, TokenRequired } from './server.ts';

export interface Feed {
  readonly link: Link;
  readonly status: Status | undefined;
}

export interface FeedTimes {
  /** Milliseconds. */
  readonly retry: { readonly first: number; readonly longest: number };
  /** A stream that is silent for so many milliseconds counts as lost. */
  readonly silence: number;
}

const TIMES: FeedTimes = { retry: { first: 1_000, longest: 15_000 }, silence: 45_000 };

export class FeedReader {
  #feed: Feed = { link: { state: 'opening' }, status: undefined };
  #attempt = 0;
  #lostSince: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stream = new AbortController();
  readonly #server: Server;
  readonly #listener: (feed: Feed) => void;
  readonly #times: FeedTimes;

  constructor(server: Server, listener: (feed: Feed) => void, times = TIMES) {
    this.#server = server;
    this.#listener = listener;
    this.#times = times;
  }

  /** Connects now; also if the next attempt is due later. */
  connect(): void {
    this.#stream.abort();
    clearTimeout(this.#timer);
    this.#stream = new AbortController();
    void this.#follow(this.#stream);
  }

  close(): void {
    this.#stream.abort();
    clearTimeout(this.#timer);
  }

  async #follow(stream: AbortController): Promise<void> {
    try {
      await this.#read(stream);
      this.#lose(stream);
    } catch (error) {
      if (error instanceof TokenRequired && !stream.signal.aborted)
        this.#tell({ link: { state: 'token required' } });
      else this.#lose(stream);
    } finally {
      stream.abort();
    }
  }

  async #read(stream: AbortController): Promise<void> {
    let silence = setTimeout(() => this.#fallSilent(stream), this.#times.silence);
    try {
      const body = await this.#server.events(stream.signal);
      const events = new EventStreamReader();
      const text = new TextDecoder();
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stream.signal.aborted) return;
        clearTimeout(silence);
        silence = setTimeout(() => this.#fallSilent(stream), this.#times.silence);
        for (const event of events.read(text.decode(value, { stream: true }))) this.#take(event);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #fallSilent(stream: AbortController): void {
    this.#lose(stream);
    stream.abort();
  }

  #take({ event, data }: ServerEvent): void {
    if (event === 'status') {
      this.#attempt = 0;
      this.#lostSince = undefined;
      this.#tell({ link: { state: 'live' }, status: JSON.parse(data) as Status });
    } else if (event === 'delta' && this.#feed.status !== undefined) {
      this.#tell({ status: withDelta(this.#feed.status, JSON.parse(data) as Delta) });
    }
  }

  /** Called once for each stream that ends, but not for one that another stream has replaced. */
  #lose(stream: AbortController): void {
    if (stream.signal.aborted || stream !== this.#stream) return;
    const now = Date.now();
    this.#lostSince ??= now;
    const wait = backoff(this.#attempt++, this.#times.retry, Math.random());
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#tell({ link: { state: 'lost', since: this.#lostSince, until: now + wait } });
  }

  #tell(change: Partial<Feed>): void {
    this.#feed = { ...this.#feed, ...change };
    this.#listener(this.#feed);
  }
}
