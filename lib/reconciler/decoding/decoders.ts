/**
 * Decoders of payloads for the merge chains. A library is loaded only if a chain reads its format, since a small gateway has no
 * memory to waste.
 *
 * A decoder throws if a payload is not of its format. Hostile payloads are harmless up to the length `MAX_DECODED_BYTES`: memory
 * and time grow with the length of the payload, whatever its headers claim.
 */

import type { Format } from '../../core/merge-chain.ts';
import type { Decode, Decoders } from '../../core/merge-order.ts';
import type { Payload } from '../../core/payload.ts';
import { toBuffer } from '../../protocol/payload.ts';

const LOADERS: Readonly<Record<Format, () => Promise<Decode>>> = {
  json: async () => decodeJson,
  msgpack: async () => (await import('./decode-msgpack.ts')).decodeMsgpack,
  cbor: async () => (await import('./decode-cbor.ts')).decodeCbor,
  geobuf: async () => (await import('./decode-geobuf.ts')).decodeGeobuf,
};

/** The decoders of these formats; see `formatsOf`. */
export async function loadDecoders(formats: Iterable<Format>): Promise<Decoders> {
  const loaded = await Promise.all(
    [...formats].map(async format => [format, await LOADERS[format]()] as const),
  );
  return Object.fromEntries(loaded);
}

function decodeJson(payload: Payload): unknown {
  const text = toBuffer(payload).toString('utf8');
  return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
}
