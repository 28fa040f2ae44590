/** For who decides whether the process is to be restarted (livez), or to be relied on (readyz). */

import type { Asked } from './measurements.ts';

export interface Health {
  readonly isWell: boolean;
  /** One line, or several if asked for, in the way of Kubernetes. */
  readonly text: string;
}

/**
 * Ready: at least one broker is subscribed. Without a valid configuration the process would not run.
 * @param incomplete the brokers of which the replay was cut, and the rest has not been read
 */
export function readiness(
  asked: Pick<Asked, 'links' | 'isStopping'>,
  detail: 'brief' | 'verbose',
  incomplete: ReadonlySet<string> = new Set(),
): Health {
  const records = [...asked.links];
  const isAnyReady = records.some(([, { state }]) => state === 'ready');
  const isWell = isAnyReady && !asked.isStopping;
  const reason = asked.isStopping ? 'stopping' : 'no broker is subscribed';
  const summary = isWell ? 'ready' : `not ready: ${reason}`;
  if (detail === 'brief') return { isWell, text: `${summary}\n` };
  const lines = [
    '[+] configuration',
    ...records.map(([name, { state, detail: why }]) => {
      const isIncomplete = state === 'ready' && incomplete.has(name);
      if (isIncomplete) return `[-] broker ${name}: replay incomplete: it dropped a part of what it retains`;
      if (state === 'ready') return `[+] broker ${name}`;
      return `[-] broker ${name}: ${state}${why === '' ? '' : `: ${oneLine(why)}`}`;
    }),
    ...(asked.isStopping ? ['[-] stopping'] : []),
    summary,
  ];
  return { isWell, text: `${lines.join('\n')}\n` };
}

/** What a broker says of why it refuses us is its own text. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
