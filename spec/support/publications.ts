/** Publications of which a spec gives only what it is about. */

import { BatchWriter } from '../../lib/protocol/batch.ts';
import { type Publication, writePublication } from '../../lib/protocol/publication.ts';

export type PublicationParts = Partial<Publication> & { readonly topic: string };

export function publicationOf(parts: PublicationParts): Publication {
  return {
    payload: 'x',
    properties: '',
    version: { time: 1, counter: 0, replica: 'us' },
    expiresAt: Number.POSITIVE_INFINITY,
    retain: true,
    qos: 1,
    hasNoEcho: false,
    ...parts,
  };
}

/** As the reconciler sends them to a worker. */
export function packedPublications(all: readonly PublicationParts[]): ArrayBuffer {
  const writer = new BatchWriter();
  for (const parts of all) writePublication(writer, publicationOf(parts));
  return writer.take();
}
