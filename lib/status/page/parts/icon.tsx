/** The marks of states. Each stands beside a word; screen readers read the word only. */

import type { Shape, Style, Tone } from '../model/link-states.ts';

const PATHS: Readonly<Record<Shape, string>> = {
  check: 'M4.6 8.3 7 10.6l4.4-5',
  dots: 'M4.6 8h.01M8 8h.01M11.4 8h.01',
  turn: 'M11.2 6.2A3.7 3.7 0 1 0 11.7 8.6M11.6 3.9v2.5H9.1',
  bar: 'M4.8 8h6.4',
  cross: 'm5.5 5.5 5 5m0-5-5 5',
  differs: 'M4.7 6.6h6.6M4.7 9.4h6.6M9.6 4.4 6.4 11.6',
  bin: 'M4.6 5.6h6.8M5.6 5.6l.5 5.8h3.8l.5-5.8M6.9 5.4V4.4h2.2v1',
  pause: 'M6.4 5.2v5.6M9.6 5.2v5.6',
  question: 'M6.1 6.2a1.9 1.9 0 1 1 2.8 1.7c-.7.4-.9.7-.9 1.3M8 11.4v.05',
  late: 'M8 4.6V8l2.3 1.5',
};

/** The sign of a whole verdict. */
export const SHAPE_OF_TONE: Readonly<Record<Tone, Shape>> = {
  good: 'check',
  busy: 'late',
  bad: 'cross',
  quiet: 'question',
};

export function Icon({ look }: { look: Style }) {
  return (
    <svg class={`icon ${look.tone}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <circle cx="8" cy="8" r="7.25" />
      <path d={PATHS[look.shape]} />
    </svg>
  );
}

/** A mark and its word. */
export function State({ look }: { look: Style }) {
  return (
    <span class={`state ${look.tone}`}>
      <Icon look={look} />
      <span class="word">{look.word}</span>
    </span>
  );
}

export function CloseMark() {
  return (
    <svg class="close-mark" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d="m4 4 8 8m0-8-8 8" />
    </svg>
  );
}
