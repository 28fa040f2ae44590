/** Requests to actors that have no response yet. Each gets its response, or an error when that does not come in time. */

import type { EventResponse } from '../protocol/event-messages.ts';
import type { Request, Response } from '../protocol/requests.ts';

type AnyResponse = (Response | EventResponse)['response'];

/** A further request is refused, so that an actor that hangs costs no memory. */
const MAX_PENDING_REQUESTS = 256;

/** No response came: the actor may be starting, busy or gone. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';
}

interface PendingRequest {
  readonly resolve: (response: AnyResponse) => void;
  readonly reject: (error: NoResponseError) => void;
  readonly timeout: NodeJS.Timeout;
}

interface Recipient<Asked> {
  readonly tell: (message: Request<Asked>) => void;
}

export class PendingRequests {
  readonly #pending = new Map<number, PendingRequest>();
  #lastId = 0;

  /**
   * @param recipient undefined if the actor is not running
   * @param within milliseconds
   * @throws NoResponseError (rejects)
   */
  send<Asked>(recipient: Recipient<Asked> | undefined, request: Asked, within: number): Promise<AnyResponse> {
    if (recipient === undefined) return Promise.reject(new NoResponseError('the actor is not running'));
    if (this.#pending.size >= MAX_PENDING_REQUESTS)
      return Promise.reject(
        new NoResponseError(`${MAX_PENDING_REQUESTS} requests are pending, and no more are accepted`),
      );
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this.#pending.delete(id);
        reject(new NoResponseError(`no response within ${within} ms`));
      }, within);
      timeout.unref();
      this.#pending.set(id, { resolve, reject, timeout });
      recipient.tell({ kind: 'request', id, request });
    });
  }

  /** Ignores a response that comes too late. */
  resolve({ id, response }: Response | EventResponse): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    this.#pending.delete(id);
    clearTimeout(request.timeout);
    request.resolve(response);
  }

  /** No response will come any more. */
  rejectAll(reason: string): void {
    for (const { reject, timeout } of this.#pending.values()) {
      clearTimeout(timeout);
      reject(new NoResponseError(reason));
    }
    this.#pending.clear();
  }
}
