/** The settings of the whole process: `MQTTREP_{key}`. Those of the status server are in http-settings.ts. */

import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { DeletionBound, StorePlace } from '../protocol/settings.ts';
import { EVENT_SETTINGS } from './event-settings.ts';
import { BOOLEAN, inBytes, setting } from './setting.ts';
import { storePlaceText } from './store-place.ts';
import {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
  parseBoolean,
  parseBytes,
  parseControlTopic,
  parseDeletionGuard,
  parseFrequency,
  parseHomeAssistant,
  parseScanPeriod,
  parseSeconds,
  parseStore,
  parseWhole,
  wordParser,
} from './values.ts';

const secondsOrNever = (seconds: number) => (Number.isFinite(seconds) ? `${seconds} s` : 'off');

/** MQTT has no larger packet. */
const MAX_PAYLOAD_BYTES = 268_435_455;
/** A Map of JavaScript has room for not many more entries. */
const MAX_TOPICS = 10_000_000;
/** Less memory has no room for the topics of an ordinary broker. */
const MIN_MEMORY_BYTES = 2 ** 20;
const MAX_MEMORY_BYTES = 2 ** 40;
/** MQTT has no longer topic. */
const MAX_TOPIC_BYTES = 65_535;

export const PROCESS_SETTINGS = {
  mergeFrequency: setting<number>({
    key: 'MERGE_FREQUENCY',
    value: 'Hz, from 0.000001 to 1000',
    parse: parseFrequency,
    default: '1',
    help: 'How often mqttrep sends changes to the brokers: the tick.',
    reload: 'applied',
    show: hertz => `${hertz} Hz`,
  }),
  store: setting<StorePlace>({
    key: 'STORE',
    value: 'a folder, or `memory`',
    parse: parseStore,
    unset: '`$STATE_DIRECTORY`, else `$XDG_STATE_HOME/mqttrep`, else `~/.local/state/mqttrep`',
    help: 'Where mqttrep keeps its state. With `memory`, each start is a first contact.',
    reload: 'restart',
    show: storePlaceText,
    json: storePlaceText,
  }),
  controlTopic: setting<string | undefined>({
    key: 'CONTROL_TOPIC',
    value: 'a topic, or `off`',
    parse: parseControlTopic,
    default: CONTROL_PREFIX,
    help: 'The topic under which mqttrep writes its own messages at each broker. With `off`, mqttrep cannot tell what was deleted while it was away.',
    reload: 'restart',
    show: topic => topic ?? 'off',
  }),
  stateTopics: setting<boolean>({
    key: 'STATE_TOPICS',
    value: BOOLEAN,
    parse: parseBoolean,
    default: 'false',
    help: 'If true, mqttrep publishes its own state, retained, at each broker: `mqttrep/status` (`online`, or `offline` by will) and `mqttrep/connection/{name}` (`1` or `0`).',
    reload: 'restart',
  }),
  homeAssistant: setting<readonly string[] | undefined>({
    key: 'HOMEASSISTANT',
    value: 'names of brokers, comma separated, or `off`',
    parse: parseHomeAssistant,
    unset: 'no device',
    help: 'The brokers at which Home Assistant finds mqttrep as a device, by MQTT discovery. At all other brokers, and with `off` everywhere, mqttrep removes the device.',
    reload: 'restart',
    show: names => (names === undefined || names.length === 0 ? 'off' : names.join(', ')),
  }),
  heartbeat: setting<number>({
    key: 'HEARTBEAT',
    value: 'seconds from 5 to 3600, or `off`',
    parse: text =>
      text.toLowerCase() === 'off' ? { value: Number.POSITIVE_INFINITY } : parseSeconds(text, 5, 3600),
    default: '10',
    help: 'How often mqttrep publishes one message at each broker, under a control topic, and awaits it back. A connection that carries nothing is closed and opened again.',
    reload: 'restart',
    show: secondsOrNever,
  }),
  scanPeriod: setting<number>({
    key: 'SCAN_PERIOD',
    value: 'seconds from 1 to 1000000, or `off`',
    parse: parseScanPeriod,
    default: '600',
    help: 'The time in which anti-entropy probes each topic once at each broker.',
    reload: 'applied',
    show: secondsOrNever,
  }),
  maxDrift: setting<number>({
    key: 'MAX_DRIFT',
    value: 'seconds from 0 to 86400',
    parse: text => parseSeconds(text, 0, 86_400),
    default: '60',
    help: 'How far the clock of another replicator may be ahead. A version from further ahead is not trusted.',
    reload: 'applied',
    show: secondsOrNever,
  }),
  deletionGuard: setting<DeletionBound>({
    key: 'DELETION_GUARD',
    value: 'topics and percent, or `off`',
    parse: parseDeletionGuard,
    default: '10,5%',
    help: 'If more topics, and a larger share of a broker, seem to have been deleted while the broker was away, the deletions wait for `mqttrep confirm-deletions {name}`.',
    reload: 'applied',
    show: ({ topics, percent }) => (Number.isFinite(topics) ? `${topics} topics and ${percent} %` : 'off'),
    json: bound => (Number.isFinite(bound.topics) ? bound : null),
  }),
  events: EVENT_SETTINGS,
  bounds: {
    payload: setting<number>({
      key: 'MAX_PAYLOAD',
      value: `bytes from 1 to ${MAX_PAYLOAD_BYTES}`,
      parse: text => parseWhole(text, MAX_PAYLOAD_BYTES),
      default: String(4 * 1024 * 1024),
      help: 'A message with a larger payload is not replicated; the log names its topic.',
      reload: 'restart',
      show: inBytes,
    }),
    topics: setting<number>({
      key: 'MAX_TOPICS',
      value: `a number from 1 to ${MAX_TOPICS}`,
      parse: text => parseWhole(text, MAX_TOPICS),
      default: '1000000',
      help: 'The number of topics that mqttrep replicates. It refuses further topics; known ones stay.',
      reload: 'restart',
    }),
    memory: setting<number>({
      key: 'MAX_MEMORY',
      value: 'bytes from 1 MB to 1 TB, such as `536870912` or `512M`',
      parse: text => parseBytes(text, MIN_MEMORY_BYTES, MAX_MEMORY_BYTES),
      unset: 'half of the heap that Node.js allows',
      help: 'The memory that topics may use. Beyond it, mqttrep refuses new topics and larger values; known values stay.',
      reload: 'restart',
      show: inBytes,
    }),
    topicLength: setting<number>({
      key: 'MAX_TOPIC_LENGTH',
      value: `bytes from 1 to ${MAX_TOPIC_BYTES}`,
      parse: text => parseWhole(text, MAX_TOPIC_BYTES),
      default: String(MAX_TOPIC_BYTES),
      help: 'A topic with a longer name is not replicated.',
      reload: 'restart',
      show: inBytes,
    }),
    levels: setting<number>({
      key: 'MAX_LEVELS',
      value: `a number from 1 to ${MAX_TOPIC_BYTES}`,
      parse: text => parseWhole(text, MAX_TOPIC_BYTES),
      // Some brokers close the connection of a client that publishes to a deeper topic.
      default: '200',
      help: 'A topic with more levels is not replicated.',
      reload: 'restart',
    }),
  },
  log: {
    level: setting<LogLevel>({
      key: 'LOG_LEVEL',
      value: '`error`, `warn`, `info` or `debug`',
      parse: wordParser(LOG_LEVELS, 'log level'),
      default: 'info',
      help: 'The least severe lines that the log has. The log goes to standard error.',
      reload: 'applied',
    }),
    format: setting<LogFormat>({
      key: 'LOG_FORMAT',
      value: '`text` or `json`',
      parse: wordParser(LOG_FORMATS, 'log format'),
      default: 'text',
      help: 'Lines for people, or one JSON object a line.',
      reload: 'restart',
    }),
  },
} as const;
