/**
 * The signals of a running mqttrep. The first SIGINT or SIGTERM stops it; a second one, or STOP_TIMEOUT_MS, ends it at once.
 * At SIGHUP it reads its configuration again.
 */

import { isatty } from 'node:tty';
import { STOP_TIMEOUT_MS } from '../supervisor/replicator.ts';
import { endNow } from './end-now.ts';
import { EXIT } from './exit-codes.ts';

export interface SignalDeps {
  readonly stop: () => void;
  readonly reload: () => void;
  readonly log: (message: string) => void;
}

export interface Signals {
  /** Restores the default behaviour of the signals. */
  readonly forget: () => void;
  /** Whether the terminal in which mqttrep was started has been closed. */
  readonly isTerminalGone: () => boolean;
}

export function obeySignals({ stop, reload, log }: SignalDeps): Signals {
  const hadTerminal = isatty(STDIN);
  const isTerminalGone = () => hadTerminal && !isatty(STDIN);
  let limit: NodeJS.Timeout | undefined;
  const end = (signal: string) => {
    if (limit !== undefined) endNow(EXIT.failure);
    log(`${signal}: stopping`);
    limit = setTimeout(() => endNow(EXIT.failure), STOP_TIMEOUT_MS);
    stop();
  };
  const hangup = () => {
    // The terminal was closed, so the user that started mqttrep there has gone.
    if (isTerminalGone()) end('SIGHUP');
    else if (limit === undefined) reload();
  };
  // PM2 sends this message on systems without signals.
  const onMessage = (message: unknown) => {
    if (message === 'shutdown') end('shutdown');
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.on('SIGHUP', hangup);
  process.on('message', onMessage);
  return {
    isTerminalGone,
    forget: () => {
      clearTimeout(limit);
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
      process.off('SIGHUP', hangup);
      process.off('message', onMessage);
    },
  };
}

const STDIN = 0;
