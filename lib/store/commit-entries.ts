/**
 * A commit as bytes: a sequence of entries for topics, large payloads, metadata and the names of brokers.
 *
 * Most of a store is history. So a reader goes through the bodies twice: once from the beginning, for the metadata and the
 * brokers at their heads, and once from the end, where the first entry of a topic is the only one that counts.
 *
 * A large payload is written once in a file, after the first topic that refers to it by its digest. A reader that comes from the end
 * has then seen all entries of topics that count and refer to it, but those of the same body.
 */

/** A name and a record (topic-record.ts). */
export const TOPIC = 1;
/** The name of a topic that is forgotten. */
export const FORGOTTEN = 2;
/** All metadata, in place of what was there before. */
export const METADATA = 3;
/** The names of the brokers that the records from here on refer to. */
export const BROKERS = 4;
/** A topic that refers to large payloads: their digests stand before its record. */
export const REFERRING_TOPIC = 5;
/** A digest and a large payload. */
export const PAYLOAD = 6;
