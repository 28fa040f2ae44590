/** MessagePack. Integers of 64 bits become bigints where needed; timestamps become dates. */

import { decode } from '@msgpack/msgpack';
import type { Payload } from '../../core/payload.ts';
import { toBuffer } from '../../protocol/payload.ts';
import { isMsgpack } from './msgpack-shape.ts';

/** @throws if the payload is no MessagePack, has a key `__proto__`, or is nested too deep */
export function decodeMsgpack(payload: Payload): unknown {
  const bytes = toBuffer(payload);
  if (!isMsgpack(bytes)) throw new Error('no MessagePack');
  return decode(bytes, { useBigInt64: true });
}
