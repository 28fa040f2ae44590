/**
 * How much memory topics may take if the user set no bound. They are kept in the heap of the reconciler's thread. Node.js derives the
 * limit of that heap from the memory of the machine or container, and from --max-old-space-size. A thread that reaches the limit
 * is ended, and cannot even log why.
 */

/** The share of the heap for topics. The rest is for messages in flight, and for garbage until it is collected. */
const TOPICS_SHARE = 1 / 2;

/** The share of the heap that topics of the store may take. If they took more, reading them would end the thread. */
const STORE_SHARE = 4 / 5;

/** @param heap bytes that the thread's heap may have; undefined for no limit */
export function defaultMemory(heap = Number.POSITIVE_INFINITY): number {
  return Math.floor(heap * TOPICS_SHARE);
}

/** @throws StoreTooLargeError if topics of the store take so many bytes that the heap would be full */
export function assertFits(bytes: number, heap = Number.POSITIVE_INFINITY): void {
  if (bytes > heap * STORE_SHARE) throw new StoreTooLargeError(heap);
}

export class StoreTooLargeError extends Error {
  override readonly name = 'StoreTooLargeError';

  constructor(heap: number) {
    super(
      `the topics in the store take more memory than Node.js allows (a heap of ${Math.round(heap / 2 ** 20)} MB): raise the limit with NODE_OPTIONS=--max-old-space-size=, in MB, or give the process more memory; nothing of the store is lost`,
    );
  }
}
