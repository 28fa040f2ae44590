/** Payloads for specs, made by the libraries that senders use. */

import { encode as msgpackOf } from '@msgpack/msgpack';
import { encode as cborOf } from 'cborg';
import { encode as geobufOf } from 'geobuf';
import { PbfWriter } from 'pbf';
import type { Format } from '../../../lib/core/merge-chain.ts';

export function bytesOf(bytes: Uint8Array | readonly number[]): string {
  return Buffer.from(bytes).toString('latin1');
}

export const encoders: Readonly<Record<Format, (value: unknown) => string>> = {
  json: value => bytesOf(Buffer.from(JSON.stringify(value) ?? '', 'utf8')),
  msgpack: value => bytesOf(msgpackOf(value, { useBigInt64: true, maxDepth: 1000 })),
  cbor: value => bytesOf(cborOf(value)),
  geobuf: value => bytesOf(geobufOf(value, new PbfWriter())),
};

/** A feature with these properties, at a point. */
export function feature(properties: Record<string, unknown>, id?: number | string): object {
  return {
    type: 'Feature',
    ...(id === undefined ? {} : { id }),
    geometry: { type: 'Point', coordinates: [10.75, 59.91] },
    properties,
  };
}
