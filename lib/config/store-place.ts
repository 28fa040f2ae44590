/** The default place of the store: as systemd says, else as the XDG Base Directory Specification says. */

import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** `$STATE_DIRECTORY` (the first, if systemd gives several), `$XDG_STATE_HOME/mqttrep`, `~/.local/state/mqttrep`. */
export function defaultStorePlace(env: Env): string {
  const [stateDirectory] = (env['STATE_DIRECTORY'] ?? '').split(':');
  if (stateDirectory) return stateDirectory;
  const stateHome = env['XDG_STATE_HOME'];
  return stateHome?.startsWith('/')
    ? join(stateHome, 'mqttrep')
    : join(env['HOME'] || homedir(), '.local/state/mqttrep');
}
