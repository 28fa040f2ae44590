/**
 * How much memory topics may take where the user set no bound. They are kept in the heap of the reconciler's thread, whose
 * limit Node.js takes from the memory of the machine, or its container, and from --max-old-space-size. Node.js ends the
 * thread that reaches it, and with it nothing can be said any more.
 */

/** Of the heap; the other half is for what is under way, and for garbage until it is collected. */
const TOPICS_SHARE = 1 / 2;

/** Of the heap; where the store holds more, reading it would end the thread. */
const STORE_SHARE = 4 / 5;

/** @param heap bytes that the thread's heap may have; undefined where there is no limit */
export function defaultMemory(heap = Number.POSITIVE_INFINITY): number {
  return Math.floor(heap * TOPICS_SHARE);
}

/** @throws StoreTooLargeError where topics of the store take so many bytes that the heap would be full */
export function assertFits(bytes: number, heap = Number.POSITIVE_INFINITY): void {
  if (bytes > heap * STORE_SHARE) throw new StoreTooLargeError(heap);
}

export class StoreTooLargeError extends Error {
  override readonly name = 'StoreTooLargeError';

  constructor(heap: number) {
    super(
      `the topics in the store take more memory than Node.js allows (a heap of ${Math.round(heap / 2 ** 20)} MB): raise it with NODE_OPTIONS=--max-old-space-size=, in MB, or give the process more memory; nothing of the store is lost`,
    );
  }
}
