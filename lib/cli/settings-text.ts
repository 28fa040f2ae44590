/** The environment variables as `mqttrep config --help` and the man page tell them, from the settings table. */

import { type DocumentedSetting, SETTING_GROUPS } from '../config/documented.ts';
import { plain } from '../config/setting.ts';

const LINE_CHARACTERS = 116;
const INDENT = '      ';

export interface SettingText {
  /** The variable, and the one that names a file. */
  readonly names: string;
  /** Value, default and help, in one paragraph. */
  readonly text: string;
}

/** In the order of the documents: brokers, topics, the process. */
export const SETTING_TEXTS: readonly SettingText[] = SETTING_GROUPS.flatMap(({ settings }) =>
  settings.map(textOf),
);

function textOf({ variable, fileVariable, value, otherwise, help }: DocumentedSetting): SettingText {
  return {
    names: fileVariable === undefined ? variable : `${variable}, ${fileVariable}`,
    text: plain(`${help} Value: ${value}; ${otherwise}.`),
  };
}

/** One paragraph for each variable, without a line break at the end. */
export function settingsText(): string {
  return SETTING_TEXTS.map(({ names, text }) => `  ${names}\n${wrapped(text)}`).join('\n');
}

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = INDENT;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > LINE_CHARACTERS) {
      lines.push(line);
      line = INDENT;
    }
    line += line === INDENT ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
