/** A version in a batch. */

import type { Version } from '../core/version.ts';
import type { BatchReader, BatchWriter } from './batch.ts';

export function writeVersion(writer: BatchWriter, version: Version): void {
  writer.f64(version.time).u32(version.counter).text(version.replica);
}

export function readVersion(reader: BatchReader): Version {
  return { time: reader.f64(), counter: reader.u32(), replica: reader.text() };
}
