/** Where something is shown, and how: a table in colours to people, plain sentences to files, pipes and NO_COLOR. */

import type { WriteStream } from 'node:tty';

export interface Look {
  readonly mode: 'table' | 'plain';
  /** How many characters fit on a line. */
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

/** Codes of ECMA-48, "select graphic rendition". */
const STYLES = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  magenta: 35,
  cyan: 36,
} as const;

export type Style = keyof typeof STYLES;

export const PLAIN: Look = {
  mode: 'plain',
  columns: Number.POSITIVE_INFINITY,
  paint: (_style, text) => text,
};

export function tableOf(columns: number): Look {
  return { mode: 'table', columns, paint: (style, text) => `\x1b[${STYLES[style]}m${text}\x1b[0m` };
}

/** See https://no-color.org: set to anything but nothing. */
export function lookOf(stream: Pick<WriteStream, 'isTTY' | 'columns'>, env: NodeJS.ProcessEnv): Look {
  const plain = !stream.isTTY || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return plain ? PLAIN : tableOf(stream.columns);
}
