/** What the lines of the demo's terminal have in common: times, sites and values. */

import { printable } from '../core/printable.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import type { SiteName } from './sites.ts';
import type { Write } from './write-log.ts';

export const COLOURS: Readonly<Record<SiteName, Style>> = {
  OSLO: 'cyan',
  PARIS: 'magenta',
  QUEBEC: 'yellow',
};

/** The width of a time, without the two spaces after it. */
export const TIME_WIDTH = 8;

export function time(look: Look, elapsed: number): string {
  return `${look.paint('dim', seconds(elapsed).padStart(TIME_WIDTH))}  `;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

export function painted(look: Look, site: SiteName, width: number): string {
  return look.paint(COLOURS[site], site.padEnd(width));
}

export function shownValue({ payload }: Write): string {
  return payload === '' ? 'deleted' : printable(payload);
}
