/** Questions to actors that are under way: each gets its answer, or an error when that does not come in time. */

import type { Response } from '../protocol/requests.ts';

/** Questions under way at once. Whoever asks more is refused, so that an actor that hangs costs no memory. */
const MOST_OPEN = 256;

/** No answer came, for whatever reason; the actor may be starting, busy or gone. */
export class NoResponseError extends Error {
  override readonly name = 'NoAnswer';
}

interface Open {
  readonly resolve: (answer: Response['response']) => void;
  readonly limit: NodeJS.Timeout;
}

export class PendingRequests {
  readonly #open = new Map<number, Open>();
  #last = 0;

  /**
   * Sends a question under a new id.
   * @param within milliseconds
   * @throws {NoResponseError} (rejects)
   */
  ask(send: (id: number) => void, within: number): Promise<Response['response']> {
    if (this.#open.size >= MOST_OPEN)
      return Promise.reject(new NoResponseError('too many questions are under way'));
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#open.delete(id);
        reject(new NoResponseError(`no answer came within ${within} ms`));
      }, within);
      limit.unref();
      this.#open.set(id, { resolve, limit });
      send(id);
    });
  }

  /** An answer that comes too late is passed over. */
  answered({ id, response }: Response): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    clearTimeout(open.limit);
    open.resolve(response);
  }
}
