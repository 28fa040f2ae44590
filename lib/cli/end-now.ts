/**
 * Ends the process, whatever hangs.
 *
 * `process.exit` waits for every thread. A thread that waits for the system, such as for a file on a network drive that is
 * gone, lets it wait without end. So a small process watches, and kills this one if it is still there.
 */

import { spawn } from 'node:child_process';

/** `process.exit` needs some milliseconds. */
const EXIT_TIMEOUT_MS = 250;

/** Kills its parent after EXIT_TIMEOUT_MS. A process whose parent has ended gets another parent, and kills nothing. */
const WATCHER = `const parent = Number(process.argv[1]);
setTimeout(() => { if (process.ppid === parent) process.kill(parent, 'SIGKILL'); }, ${EXIT_TIMEOUT_MS});`;

/** @param code the exit code, unless the process has to be killed */
export function endNow(code: number): never {
  spawn(process.execPath, ['-e', WATCHER, String(process.pid)], {
    stdio: 'ignore',
    detached: true,
    env: {},
  }).on('error', () => process.kill(process.pid, 'SIGKILL'));
  process.exit(code);
}
