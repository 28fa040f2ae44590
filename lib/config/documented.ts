/** The settings table as documents tell it: the help, the man page and docs/settings.md. */

import type { AnySetting } from './variables.ts';
import { fileVariableName, OF_BROKER, OF_PROCESS, OF_ROUTE, OF_TOPIC, variableName } from './variables.ts';

export interface DocumentedSetting {
  /** Its variable, with `{name}` or `{id}`. */
  readonly variable: string;
  /** The variable that names a file with the value; undefined if there is none. */
  readonly fileVariable: string | undefined;
  /** What the user writes. Markdown. */
  readonly value: string;
  /** What holds if it is not set; `required` if it must be set. Markdown. */
  readonly otherwise: string;
  /** Markdown. */
  readonly help: string;
  readonly reload: AnySetting['reload'];
  readonly isSecret: boolean;
}

export interface SettingGroup {
  readonly of: 'broker' | 'topic' | 'route' | 'process';
  readonly settings: readonly DocumentedSetting[];
}

export const SETTING_GROUPS: readonly SettingGroup[] = [
  { of: 'broker', settings: OF_BROKER.map(setting => documented(setting, '{name}')) },
  { of: 'topic', settings: OF_TOPIC.map(setting => documented(setting, '{id}')) },
  { of: 'route', settings: OF_ROUTE.map(setting => documented(setting, '{id}')) },
  { of: 'process', settings: OF_PROCESS.map(setting => documented(setting)) },
];

function documented(setting: AnySetting, of?: string): DocumentedSetting {
  const { value, default: text, isRequired, unset, help, reload, isSecret, inFile } = setting;
  return {
    variable: variableName(setting, of),
    fileVariable: inFile === undefined ? undefined : fileVariableName(setting, of),
    value,
    otherwise: isRequired ? 'required' : text === undefined ? `default: ${unset}` : `default: \`${text}\``,
    help,
    reload,
    isSecret: isSecret === true,
  };
}
