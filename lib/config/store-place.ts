/** The default place of the store: as systemd says, else as the XDG Base Directory Specification says. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { StorePlace } from '../protocol/settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `$STATE_DIRECTORY` (the first, if systemd gives several), `$XDG_STATE_HOME/mqttrep`, `~/.local/state/mqttrep`. */
export function defaultStorePlace(env: Env): StorePlace {
  const [stateDirectory] = (env['STATE_DIRECTORY'] ?? '').split(':');
  if (stateDirectory) return { kind: 'folder', path: stateDirectory };
  const stateHome = env['XDG_STATE_HOME'];
  const path = stateHome?.startsWith('/')
    ? join(stateHome, 'mqttrep')
    : join(env['HOME'] || homedir(), '.local/state/mqttrep');
  return { kind: 'folder', path };
}

/** @param text the value of MQTTREP_STORE: a folder, or `memory` */
export function storePlaceOf(text: string): StorePlace {
  return text === 'memory' ? { kind: 'memory' } : { kind: 'folder', path: text };
}

/** The place as a user writes it in MQTTREP_STORE. */
export function storePlaceText(place: StorePlace): string {
  return place.kind === 'memory' ? 'memory' : place.path;
}
