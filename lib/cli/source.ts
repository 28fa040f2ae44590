/** Where a command finds its configuration, from the options of the command line. */

import { BROKER_SETTINGS } from '../config/broker-settings.ts';
import { TOPIC_SETTINGS } from '../config/topic-settings.ts';
import { variableName } from '../config/variables.ts';
import type { Source } from './load-config.ts';

interface Options {
  readonly 'env-file'?: string | undefined;
  readonly config?: string | undefined;
  readonly broker?: readonly string[] | undefined;
  readonly topic?: readonly string[] | undefined;
}

/** Returns what is wrong with the options, as a text. */
export function sourceOf(options: Options): Source | string {
  const variables: Record<string, string> = {};
  for (const broker of options.broker ?? []) {
    const [, name, url] = /^(\w+)=(.+)$/s.exec(broker) ?? [];
    if (name === undefined || url === undefined) {
      return '--broker needs a name and a URL, such as --broker oslo=mqtt://oslo.example';
    }
    const variable = variableName(BROKER_SETTINGS.url, name);
    if (variable in variables) return `--broker ${name} is given twice`;
    variables[variable] = url;
  }
  for (const [index, filter] of (options.topic ?? []).entries()) {
    variables[variableName(TOPIC_SETTINGS.filter, `option_${index + 1}`)] = filter;
  }
  return { envFile: options['env-file'], configFile: options.config, variables };
}
