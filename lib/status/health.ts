/** Readiness, for what decides whether to rely on this process. */

import type { Asked } from './measurements.ts';

export interface Health {
  readonly isWell: boolean;
  /** One line; with details several lines, in the format of Kubernetes. */
  readonly text: string;
}

/**
 * Ready: at least one broker is subscribed. The configuration is always valid, or the process would not run.
 * @param incomplete brokers that dropped a part of their replay, which mqttrep has not read yet
 * @param withoutEvents brokers to which no events are delivered, and why
 */
export function readiness(
  asked: Pick<Asked, 'links' | 'isStopping'>,
  detail: 'brief' | 'verbose',
  incomplete: ReadonlySet<string> = new Set(),
  withoutEvents: ReadonlyMap<string, string> = new Map(),
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
    ...[...withoutEvents].map(([name, why]) => `[-] events of broker ${name}: ${why}`),
    ...(asked.isStopping ? ['[-] stopping'] : []),
    summary,
  ];
  return { isWell, text: `${lines.join('\n')}\n` };
}

/** A broker chooses the text of its refusal. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
