/** Payloads as they are shown to people: as text where they are UTF-8, cut short, and not at all where hidden. */

import { isUtf8 } from 'node:buffer';
import { type Held, isDeletion, type Message } from '../../core/register.ts';
import type { Value } from '../../protocol/answers.ts';

/** Bytes of a payload that are shown. */
export const SHOWN_BYTES = 1_024;

/** Bytes that are shown of each of many: enough for a line. */
export const SHOWN_IN_LISTS = 256;

/** Enough of a message to show it later, without its whole payload. */
export interface Excerpt {
  /** Broker index; -1 for none. */
  readonly origin: number;
  /** The payload's beginning: each character is one byte. */
  readonly head: string;
  readonly bytes: number;
}

export function excerptOf({ payload, origin }: Message): Excerpt {
  return { origin, head: headOf(payload), bytes: payload.length };
}

/** What a broker holds, or what a winner says. */
export function shownValue(held: Held | undefined, privacy: 'shown' | 'hidden', most: number): Value {
  if (held === undefined || held === 'unknown') return { kind: 'unknown' };
  if (held === 'absent' || isDeletion(held)) return { kind: 'deleted' };
  if (privacy === 'hidden') return { kind: 'hidden' };
  return textOrBase64(held.payload.slice(0, most), held.payload.length);
}

export function shownExcerpt({ head, bytes }: Excerpt, privacy: 'shown' | 'hidden'): Value {
  if (bytes === 0) return { kind: 'deleted' };
  return privacy === 'hidden' ? { kind: 'hidden' } : textOrBase64(head, bytes);
}

/** A slice of a long string would keep all of it in memory; this is a string of its own. */
function headOf(payload: string): string {
  if (payload.length <= SHOWN_BYTES) return payload;
  return Buffer.from(payload.slice(0, SHOWN_BYTES), 'latin1').toString('latin1');
}

/** Of a payload that was cut, the last character may be incomplete: that is no reason to take it for binary. */
function textOrBase64(head: string, bytes: number): Value {
  const buffer = Buffer.from(head, 'latin1');
  const whole = bytes > buffer.length ? buffer.subarray(0, endOfLastCharacter(buffer)) : buffer;
  return isUtf8(whole)
    ? { kind: 'text', text: whole.toString('utf8'), bytes }
    : { kind: 'base64', text: buffer.toString('base64'), bytes };
}

/** UTF-8 has its characters begin with any byte but 10xxxxxx, and takes four bytes for one at most. */
function endOfLastCharacter(buffer: Buffer): number {
  for (let start = buffer.length - 1; start >= 0 && start >= buffer.length - 4; start--) {
    const byte = buffer[start] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return start + length > buffer.length ? start : buffer.length;
  }
  return buffer.length;
}
