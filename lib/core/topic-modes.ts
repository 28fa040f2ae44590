/** Whether topics are event topics: the most specific filter that matches the topic and sets a mode decides. */

import { bySpecificity, matches } from './filter.ts';
import type { TopicMode } from './topic-mode.ts';

export interface ModeFilter {
  readonly filter: string;
  readonly mode: TopicMode;
}

/** Topics whose mode is remembered. */
const REMEMBERED = 10_000;

export class TopicModes {
  readonly #filters: readonly ModeFilter[];
  readonly #hasEvents: boolean;
  readonly #known = new Map<string, boolean>();

  /** @param filters those that set a mode */
  constructor(filters: readonly ModeFilter[]) {
    this.#filters = [...filters].sort((a, b) => bySpecificity(a.filter, b.filter));
    this.#hasEvents = filters.some(({ mode }) => mode === 'event');
  }

  isEvent(topic: string): boolean {
    if (!this.#hasEvents) return false;
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const isEvent = this.#filters.find(({ filter }) => matches(filter, topic))?.mode === 'event';
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(topic, isEvent);
    return isEvent;
  }
}
