/** The icon of the tab: a disc whose colour and sign tell the tone, since a sign is seen without colours too. */

import type { Tone } from './link-states.ts';

const COLOURS: Readonly<Record<Tone, string>> = {
  good: '#1b7a4a',
  busy: '#c98500',
  bad: '#c4281c',
  quiet: '#7b838c',
};

const SIGNS: Readonly<Record<Tone, string>> = {
  good: 'M9.5 16.5l4.4 4.6 8.6-9.6',
  busy: 'M16 9v7.5l5 3',
  bad: 'M16 8.5v9.5M16 23v.1',
  quiet: 'M12.4 12.6a3.7 3.7 0 1 1 5.4 3.2c-1.3.7-1.8 1.3-1.8 2.6M16 23v.1',
};

/** A `data:` URL of an SVG. */
export function favicon(tone: Tone): string {
  const svg =
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><circle cx='16' cy='16' r='15' fill='${COLOURS[tone]}'/>` +
    `<path d='${SIGNS[tone]}' fill='none' stroke='#fff' stroke-width='3.4' stroke-linecap='round' stroke-linejoin='round'/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
