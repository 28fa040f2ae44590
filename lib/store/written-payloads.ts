/** Which large payloads stand in a file, so that each is written there once. Those of a commit count when the commit is durable. */

import type { LargePayload } from '../core/payload.ts';

export class WrittenPayloads {
  readonly #durable = new WeakSet<LargePayload>();
  readonly #added = new Set<LargePayload>();

  has(payload: LargePayload): boolean {
    return this.#durable.has(payload) || this.#added.has(payload);
  }

  /** The commit in progress writes the payload. */
  add(payload: LargePayload): void {
    this.#added.add(payload);
  }

  /** The commit is durable. */
  keep(): void {
    for (const payload of this.#added) this.#durable.add(payload);
    this.#added.clear();
  }

  /** The commit has failed. */
  discard(): void {
    this.#added.clear();
  }
}
