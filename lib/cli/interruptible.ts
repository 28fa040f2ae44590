/** For commands that must clean up: the first signal asks them to end, a second one ends them at once. */

import { EXIT } from './exit-codes.ts';

/** Runs the command with an `AbortSignal` that SIGINT and SIGTERM abort. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const receive = () => {
    if (controller.signal.aborted) process.exit(EXIT.failure);
    controller.abort();
  };
  process.on('SIGINT', receive);
  process.on('SIGTERM', receive);
  try {
    return await run(controller.signal);
  } finally {
    process.off('SIGINT', receive);
    process.off('SIGTERM', receive);
  }
}
