/** The reference encoder and decoder, for specs only; the package has no types of its own. */
declare module 'geobuf' {
  import type { PbfReader, PbfWriter } from 'pbf';
  export function encode(geoJson: unknown, writer: PbfWriter): Uint8Array;
  export function decode(reader: PbfReader): unknown;
}
