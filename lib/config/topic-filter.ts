/** `MQTTREP_TOPIC_{id}`: a topic filter that mqttrep can replicate. */

import { filterFault, isReplicable } from '../core/filter.ts';
import { type Parsed, show } from './problems.ts';

/** MQTT gives the length of a string in two bytes. */
const MAX_FILTER_BYTES = 65_535;

/** Warns of a filter that ends in `/`: that is what an env file leaves of an unquoted `…/#`. */
export function parseFilter(
  filter: string,
  { controlTopic }: { readonly controlTopic: string },
): Parsed<string> {
  if (filter === '') {
    return { problem: 'it is empty', fix: 'write a topic filter; in an .env file `#` must be quoted: "#"' };
  }
  const fault = filterFault(filter);
  if (fault !== undefined) {
    return {
      problem: `${show(filter)} is not a topic filter: ${fault}`,
      fix: 'write a topic filter of MQTT, such as canards/+/name or canards/#',
    };
  }
  if (Buffer.byteLength(filter) > MAX_FILTER_BYTES) {
    return { problem: `the filter is longer than ${MAX_FILTER_BYTES} bytes`, fix: 'write a shorter one' };
  }
  if (filter.startsWith('$share/')) {
    return {
      problem: `${show(filter)} is a shared subscription, of which mqttrep would receive only a share`,
      fix: `write the filter alone: ${filter.split('/').slice(2).join('/')}`,
    };
  }
  if (!isReplicable(filter, controlTopic)) {
    return {
      problem: `${show(filter)} is never replicated: topics that begin with \`$\`, \`ActiveMQ/\` or \`${controlTopic}/\` are not`,
      fix: 'write another filter, or remove it',
    };
  }
  if (!filter.endsWith('/')) return { value: filter };
  const warning = {
    problem: `${show(filter)} ends with \`/\`, as a filter does if its \`#\` was taken for a comment`,
    fix: `if you meant \`#\`, quote the value in the .env file: "${filter}#"`,
  };
  return { value: filter, warnings: [warning] };
}
