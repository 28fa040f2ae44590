/**
 * Messages that are not taken in, counted by reason; and said in the log, with the mend, at the first of a
 * kind and then from time to time.
 */

import { inspect } from 'node:util';
import { NowAndThen } from '../../core/now-and-then.ts';
import type { Bounds } from '../../protocol/messages.ts';

/** The reason, as the counter's name, and what there is to be said of it; quiet where it is in order. */
export interface Refusal {
  readonly counter: string;
  readonly said?: string;
}

/** Characters of a topic that are shown. */
const SHOWN = 60;

export class Refusals {
  readonly counters: Record<string, number>;
  readonly #log: (message: string) => void;
  readonly #nowAndThen = new NowAndThen<string>();

  /** @param counters where they are counted */
  constructor(counters: Record<string, number>, log: (message: string) => void) {
    this.counters = counters;
    this.#log = log;
  }

  count(topic: string, { counter, said }: Refusal, now: number): void {
    const count = (this.counters[counter] ?? 0) + 1;
    this.counters[counter] = count;
    if (said === undefined || !this.#nowAndThen.isDue(counter, now)) return;
    const others = count > 1 ? `; ${count} such messages so far` : '';
    this.#log(`${shown(topic)} is not replicated: ${said}${others}`);
  }
}

/** A topic for the log: not too long, and nothing in it that a terminal would obey. */
function shown(topic: string): string {
  return inspect(topic.length > SHOWN ? `${topic.slice(0, SHOWN)}…` : topic, { breakLength: Infinity });
}

/**
 * Why a message may not be published elsewhere. U+FFFD is what bytes that are not UTF-8 were decoded to: such a
 * topic would be written under another name.
 */
export function topicFault(topic: string, bounds: Bounds): Refusal | undefined {
  if (topic === '') return { counter: 'refused_empty_topic', said: 'it has no name' };
  if (topic.includes('\uFFFD')) return { counter: 'refused_topic_not_utf8', said: 'its name is not UTF-8' };
  if (topic.includes('\0') || topic.includes('+') || topic.includes('#')) {
    return { counter: 'refused_topic_characters', said: 'no topic may have such characters' };
  }
  const bytes = topic.length * 3 > bounds.topicLength ? Buffer.byteLength(topic) : 0;
  if (bytes > bounds.topicLength) {
    const said = `its name has ${bytes} bytes, more than MQTTREP_MAX_TOPIC_LENGTH (${bounds.topicLength})`;
    return { counter: 'refused_topic_too_long', said };
  }
  const levels = topic.length < bounds.levels ? 0 : levelsOf(topic);
  if (levels <= bounds.levels) return undefined;
  const said = `its name has ${levels} levels, more than MQTTREP_MAX_LEVELS (${bounds.levels})`;
  return { counter: 'refused_topic_too_deep', said };
}

/** A message that is beyond the limit. */
export function payloadFault(bytes: number, bounds: Bounds): Refusal | undefined {
  if (bytes <= bounds.payload) return undefined;
  const said = `a payload of ${bytes} bytes is more than MQTTREP_MAX_PAYLOAD (${bounds.payload})`;
  return { counter: 'refused_payload_too_large', said };
}

function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++;
  return levels;
}
