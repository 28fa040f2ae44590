/** What is held against what is to be, in words. */

import type { ReceivedMessage } from '../support/client.ts';

export function isPayload(
  found: ReceivedMessage | undefined,
  expected: string | Buffer | undefined,
): boolean {
  if (expected === undefined || found === undefined) return found === expected;
  return found.payloadBytes.equals(Buffer.from(expected));
}

export function difference(
  { name }: { readonly name: string },
  wrong: readonly (readonly [string, string | Buffer | undefined])[],
  found: ReadonlyMap<string, ReceivedMessage>,
): string {
  const shown = wrong
    .slice(0, 3)
    .map(([topic, payload]) => `${topic}: ${abridged(found.get(topic)?.payload)}, not ${abridged(payload)}`);
  return `${name} is wrong in ${wrong.length} topics: ${shown.join('; ')}`;
}

export function abridged(payload: string | Buffer | undefined): string {
  if (payload === undefined) return 'nothing';
  const text = payload.toString();
  return text.length > 40 ? `${text.slice(0, 40)}… (${text.length})` : JSON.stringify(text);
}
