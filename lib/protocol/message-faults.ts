/**
 * Why a message is not taken in, nor given out again: its topic and its payload. Checked at the door, so that nothing that
 * one broker lets pass has another one hang up; and checked again of what the store brings back.
 */

import { unwantedCharacter } from '../core/characters.ts';
import type { Bounds } from './settings.ts';

export interface Fault {
  /** Under which it is counted. */
  readonly counter: string;
  /** For the log: what is wrong, and how to fix it where that is not plain. */
  readonly summary: string;
}

/** One look for all characters that a topic may not have, since it is taken at each message. */
const SUSPECT = /[\p{Cc}\p{Cs}\p{NChar}+#\uFFFD]/u;

/** Why a message may not be published elsewhere under its topic. */
export function topicFault(topic: string, bounds: Bounds): Fault | undefined {
  if (topic === '') return { counter: 'refused_empty_topic', summary: 'it has no name' };
  if (SUSPECT.test(topic)) return characterFault(topic);
  const bytes = topic.length * 3 > bounds.topicLength ? Buffer.byteLength(topic) : 0;
  if (bytes > bounds.topicLength) {
    const said = `its name has ${bytes} bytes, more than MQTTREP_MAX_TOPIC_LENGTH (${bounds.topicLength})`;
    return { counter: 'refused_topic_too_long', summary: said };
  }
  const levels = topic.length < bounds.levels ? 0 : levelsOf(topic);
  if (levels <= bounds.levels) return undefined;
  const said = `its name has ${levels} levels, more than MQTTREP_MAX_LEVELS (${bounds.levels})`;
  return { counter: 'refused_topic_too_deep', summary: said };
}

/** U+FFFD is what bytes that are not UTF-8 were decoded to: such a topic would be written under another name. */
function characterFault(topic: string): Fault {
  if (topic.includes('\uFFFD'))
    return { counter: 'refused_topic_not_utf8', summary: 'its name is not UTF-8' };
  if (topic.includes('\0') || topic.includes('+') || topic.includes('#'))
    return { counter: 'refused_topic_characters', summary: 'no topic may have such characters' };
  if (unwantedCharacter(topic) === 'control character')
    return { counter: 'refused_topic_control_characters', summary: hangsUpOn('control characters') };
  return { counter: 'refused_topic_noncharacters', summary: hangsUpOn('characters that Unicode has not') };
}

function hangsUpOn(characters: string): string {
  return `its name has ${characters}, on which some brokers hang up; rename the topic`;
}

/** A message that is beyond the limit. */
export function payloadFault(bytes: number, bounds: Bounds): Fault | undefined {
  if (bytes <= bounds.payload) return undefined;
  const said = `a payload of ${bytes} bytes is more than MQTTREP_MAX_PAYLOAD (${bounds.payload})`;
  return { counter: 'refused_payload_too_large', summary: said };
}

function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++;
  return levels;
}
