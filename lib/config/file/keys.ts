/** The keys of mqttrep.yaml: those of the environment variables, in camel case. `MQTTREP_MERGE_FREQUENCY` is `mergeFrequency`. */

import { type AnySetting, fileKey, OF_PROCESS, OF_TOPIC } from '../variables.ts';

/** A key of the file and the variable that it stands for, without `MQTTREP_` and without a name. */
export interface FileKey {
  readonly key: string;
  readonly variable: string;
  readonly setting: AnySetting;
}

export const PROCESS_KEYS: readonly FileKey[] = OF_PROCESS.flatMap(setting => [
  keyOf(setting, setting.key),
  ...(setting.inFile === undefined ? [] : [keyOf(setting, fileKey(setting))]),
]);

/** Without the filter itself. */
export const TOPIC_KEYS: readonly FileKey[] = OF_TOPIC.filter(({ key }) => key !== 'TOPIC').map(setting =>
  keyOf(setting, setting.key),
);

function keyOf(setting: AnySetting, variable: string): FileKey {
  const key = variable.toLowerCase().replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { key, variable, setting };
}
