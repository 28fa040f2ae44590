/**
 * Random client ids that a person can tell apart in the log of a broker. Their form is
 * `{name}_{adjective}_{adjective}_{animal}_mqttreplicator_{randomid}`.
 */

import { customAlphabet } from 'nanoid';
import { adjectives, animals, uniqueNamesGenerator } from 'unique-names-generator';

const randomId = customAlphabet('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 10);

export function randomClientId(brokerName: string): string {
  const words = uniqueNamesGenerator({
    dictionaries: [adjectives, adjectives, animals],
    separator: '_',
    style: 'lowerCase',
  });
  return `${brokerName.toLowerCase()}_${words}_mqttreplicator_${randomId()}`;
}
