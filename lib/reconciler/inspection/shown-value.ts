/** Payloads as people see them: as text if they are UTF-8, shortened, or hidden. */

import { isUtf8 } from 'node:buffer';
import { type Payload, sliceOf } from '../../core/payload.ts';
import { type Held, isDeletion, type Message } from '../../core/register.ts';
import type { Value } from '../../protocol/answers.ts';

/** Bytes of a payload that are kept of a conflict. */
export const SHOWN_BYTES = 1_024;

/** Bytes of a payload in the details of one topic. */
export const SHOWN_IN_DETAILS = 8_192;

/** Bytes of a payload that are shown in lists: enough for a line. */
export const SHOWN_IN_LISTS = 256;

/** What is kept of a message to show it later, without its whole payload. */
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

/** What a broker holds, or what the winner is. */
export function shownValue(held: Held | undefined, privacy: 'shown' | 'hidden', most: number): Value {
  if (held === undefined || held === 'unknown') return { kind: 'unknown' };
  if (held === 'absent' || isDeletion(held)) return { kind: 'deleted' };
  if (privacy === 'hidden') return { kind: 'hidden' };
  return textOrBase64(sliceOf(held.payload, 0, most), held.payload.length);
}

export function shownExcerpt({ head, bytes }: Excerpt, privacy: 'shown' | 'hidden'): Value {
  if (bytes === 0) return { kind: 'deleted' };
  return privacy === 'hidden' ? { kind: 'hidden' } : textOrBase64(head, bytes);
}

/** A copy: a slice of a long string would keep all of that string in memory. */
function headOf(payload: Payload): string {
  const head = sliceOf(payload, 0, SHOWN_BYTES);
  return payload.length <= SHOWN_BYTES ? head : Buffer.from(head, 'latin1').toString('latin1');
}

/** The last character of a shortened payload may be incomplete: that does not make the payload binary. */
function textOrBase64(head: string, bytes: number): Value {
  const buffer = Buffer.from(head, 'latin1');
  const whole = bytes > buffer.length ? buffer.subarray(0, endOfLastCharacter(buffer)) : buffer;
  return isUtf8(whole)
    ? { kind: 'text', text: whole.toString('utf8'), bytes }
    : { kind: 'base64', text: buffer.toString('base64'), bytes };
}

/** In UTF-8 a character begins with a byte other than 10xxxxxx, and has four bytes at most. */
function endOfLastCharacter(buffer: Buffer): number {
  for (let start = buffer.length - 1; start >= 0 && start >= buffer.length - 4; start--) {
    const byte = buffer[start] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return start + length > buffer.length ? start : buffer.length;
  }
  return buffer.length;
}
