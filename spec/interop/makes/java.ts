/** Brokers for the JVM, with a heap as small as on a gateway unless they need more. */

import { join } from 'node:path';
import type { Command } from './broker-process.ts';

export interface JavaOptions {
  /** System properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The largest heap, in megabytes. */
  readonly heap?: number;
}

/** The command that runs a class out of the jars that install.sh has gathered. */
export function java(
  installed: string,
  main: string,
  args: readonly string[],
  { properties = {}, heap = 256 }: JavaOptions = {},
): Command {
  const defined = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const options = [`-Xmx${heap}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...defined];
  return { program: 'java', args: [...options, '-cp', join(installed, 'lib', '*'), main, ...args] };
}
