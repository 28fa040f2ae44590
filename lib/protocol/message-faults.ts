/**
 * Reasons to refuse a message because of its topic or its payload. mqttrep checks each message that it receives: a broker
 * may accept what makes another broker close the connection. It checks messages from the store again.
 */

import { unwantedCharacter } from '../core/characters.ts';
import type { Bounds } from './settings.ts';

export interface Fault {
  /** The name under which such messages are counted. */
  readonly counter: string;
  /** For the log: what is wrong, and how to fix it if that is not obvious. */
  readonly summary: string;
}

/** All characters that a topic must not have: one search only, since each message is checked. */
const UNWANTED_IN_TOPIC = /[\p{Cc}\p{Cs}\p{NChar}+#\uFFFD]/u;

const PLUS = 0x2b;
const NUMBER_SIGN = 0x23;

/** Why a message must not be published under its topic. */
export function topicFault(topic: string, bounds: Bounds): Fault | undefined {
  if (topic === '') return { counter: 'refused_empty_topic', summary: 'it has no name' };
  if (!isPlain(topic) && UNWANTED_IN_TOPIC.test(topic)) return characterFault(topic);
  const bytes = topic.length * 3 > bounds.topicLength ? Buffer.byteLength(topic) : 0;
  if (bytes > bounds.topicLength) {
    const summary = `its name has ${bytes} bytes, more than MQTTREP_MAX_TOPIC_LENGTH (${bounds.topicLength})`;
    return { counter: 'refused_topic_too_long', summary };
  }
  const levels = topic.length < bounds.levels ? 0 : levelsOf(topic);
  if (levels <= bounds.levels) return undefined;
  const summary = `its name has ${levels} levels, more than MQTTREP_MAX_LEVELS (${bounds.levels})`;
  return { counter: 'refused_topic_too_deep', summary };
}

/** Whether the topic has printable ASCII only, without wildcards: most have, and the search costs more than this. */
function isPlain(topic: string): boolean {
  for (let at = 0; at < topic.length; at++) {
    const code = topic.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === PLUS || code === NUMBER_SIGN) return false;
  }
  return true;
}

/** Bytes that are not UTF-8 were decoded to U+FFFD: a write under this topic would go to another topic. */
function characterFault(topic: string): Fault {
  if (topic.includes('\uFFFD'))
    return { counter: 'refused_topic_not_utf8', summary: 'its name is not UTF-8' };
  if (topic.includes('\0') || topic.includes('+') || topic.includes('#'))
    return { counter: 'refused_topic_characters', summary: 'its name has characters that MQTT forbids' };
  if (unwantedCharacter(topic) === 'control character')
    return { counter: 'refused_topic_control_characters', summary: hangsUpOn('control characters') };
  return { counter: 'refused_topic_noncharacters', summary: hangsUpOn('noncharacters of Unicode') };
}

function hangsUpOn(characters: string): string {
  return `its name has ${characters}, and some brokers close the connection on that; rename the topic`;
}

export function payloadFault(bytes: number, bounds: Bounds): Fault | undefined {
  if (bytes <= bounds.payload) return undefined;
  const summary = `a payload of ${bytes} bytes is more than MQTTREP_MAX_PAYLOAD (${bounds.payload})`;
  return { counter: 'refused_payload_too_large', summary };
}

function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++;
  return levels;
}
