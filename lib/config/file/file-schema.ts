/**
 * The shape of mqttrep.yaml. It is checked by this schema, and contrib/mqttrep.schema.json is made from it, so that editors
 * complete and check a file. What the values mean is checked later, as for environment variables.
 */

import * as v from 'valibot';
import { BROKER_OPTIONS } from '../broker-options.ts';
import { OWN_OPTIONS } from '../broker-settings.ts';
import { ROUTE_SETTINGS } from '../route-settings.ts';
import { plain } from '../setting.ts';
import type { AnySetting } from '../variables.ts';
import { type FileKey, PROCESS_KEYS, TOPIC_KEYS } from './keys.ts';

/** MQTTREP_CLIENT_{name} and the ids allow no other characters. */
const NAME = v.pipe(
  v.string('a text, in quotes if it is a number'),
  v.regex(/^\w+$/, 'letters, digits and underscores'),
);

const TEXT = v.string('a text');
const TEXTS = v.union([v.string(), v.array(v.string())], 'a text or a list of texts');
const SCALAR = v.union([v.string(), v.number(), v.boolean()], 'a text, a number, or true or false');
const NUMBER = v.union([v.number(), v.string()], 'a number');
const FLAG = v.union([v.boolean(), v.string()], 'true or false');

const RULE = v.union(
  [
    v.string(),
    v.strictObject({ id: v.exactOptional(NAME), rule: v.string(), brokers: v.exactOptional(TEXTS) }),
    v.strictObject({
      id: v.exactOptional(NAME),
      prefix: v.exactOptional(v.string()),
      suffix: v.exactOptional(v.string()),
      hiddenPrefix: v.exactOptional(v.string()),
      control: v.exactOptional(v.boolean()),
      brokers: v.exactOptional(TEXTS),
    }),
  ],
  'a rule, or an object with rule, prefix, suffix, hiddenPrefix, control, brokers and id',
);
const EXCLUSION = v.union(
  [
    v.string(),
    v.strictObject({ id: v.exactOptional(NAME), filters: TEXTS, brokers: v.exactOptional(TEXTS) }),
  ],
  'a topic filter, or an object with filters, brokers and id',
);

const MAP = described(
  v.union([RULE, v.array(RULE)], 'a rule or a list of rules'),
  plain(ROUTE_SETTINGS.map.help),
);
const EXCLUDE = described(
  v.union([EXCLUSION, v.array(EXCLUSION)], 'a topic filter or a list of topic filters'),
  plain(ROUTE_SETTINGS.exclude.help),
);

const BROKER_ENTRIES = {
  url: v.exactOptional(described(TEXTS, 'The address of the broker: mqtt, mqtts, ws or wss.')),
  ...withHelp(BROKER_OPTIONS.entries),
};

const BROKER = v.union(
  [
    v.string(),
    v.null(),
    v.looseObject({ ...BROKER_ENTRIES, map: v.exactOptional(MAP), exclude: v.exactOptional(EXCLUDE) }),
  ],
  'a url, or an object with url and options',
);

const TOPIC_ENTRIES = Object.fromEntries(TOPIC_KEYS.map(key => [key.key, v.exactOptional(entryOf(key))]));
const TOPIC = v.union(
  [
    v.string(),
    v.strictObject({
      filter: described(TEXT, 'The topic filter.'),
      id: v.exactOptional(NAME),
      ...TOPIC_ENTRIES,
    }),
  ],
  'a topic filter, or an object with filter and settings',
);

export const CONFIG_FILE = v.strictObject({
  $schema: v.exactOptional(v.string()),
  defaults: v.exactOptional(
    described(
      v.looseObject(BROKER_ENTRIES),
      'Options of each broker that does not set them itself. {broker} is its name.',
    ),
  ),
  brokers: v.exactOptional(
    described(
      v.union([v.record(NAME, BROKER), v.array(NAME)], 'brokers by name'),
      'The brokers, by names of your choice.',
    ),
  ),
  topics: v.exactOptional(
    described(
      v.union([v.record(NAME, TOPIC), v.array(TOPIC)], 'topic filters, by id or as a list'),
      'What to replicate.',
    ),
  ),
  map: v.exactOptional(MAP),
  exclude: v.exactOptional(EXCLUDE),
  ...Object.fromEntries(PROCESS_KEYS.map(key => [key.key, v.exactOptional(entryOf(key))])),
});

function entryOf({ setting }: FileKey) {
  const { help, value, default: otherwise, unset } = setting;
  const type = typeOf(setting);
  return described(type, plain(`${help} Value: ${value}; default: ${otherwise ?? unset}.`));
}

/** Texts as well, since a value can come from a variable. */
function typeOf({ value, isList, default: otherwise }: AnySetting) {
  if (isList === true) return TEXTS;
  if (/^`true` or `false`$/.test(value)) return FLAG;
  const isNumber = /^(?:seconds|bytes|Hz|a number|`0`)/.test(value) || /^\d+$/.test(otherwise ?? '');
  return isNumber ? NUMBER : SCALAR;
}

function described<T extends v.GenericSchema>(schema: T, description: string) {
  return v.pipe(schema, v.description(description));
}

/** The options of a broker with the help of mqttrep's own ones. */
function withHelp<T extends Readonly<Record<string, unknown>>>(entries: T): T {
  return Object.fromEntries(
    Object.entries(entries).map(([name, schema]) => {
      const help = OWN_OPTIONS.find(option => option.name === name)?.help;
      if (help === undefined) return [name, schema];
      const { wrapped, default: otherwise } = schema as { wrapped: v.GenericSchema; default?: never };
      return [name, v.exactOptional(described(wrapped, plain(help)), otherwise)];
    }),
  ) as unknown as T;
}
