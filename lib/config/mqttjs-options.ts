/**
 * The connection options of MQTT.js, one line each: what mqttrep does with it. spec/config/mqttjs-options.spec.ts
 * compares the table with the types of MQTT.js, so that nobody overlooks a new option of the library.
 */

import { nearest } from './nearest.ts';
import type { Fault } from './problems.ts';

/**
 * - `kept`: goes to MQTT.js unchanged, after a check
 * - anything else: why mqttrep ignores the option, and what to do instead
 */
type Treatment = 'kept' | { readonly problem: string; readonly fix: string };

function setByMqttrep(name: string): Treatment {
  return {
    problem: `the option \`${name}\` is ignored: mqttrep sets it itself`,
    fix: `remove \`${name}\``,
  };
}

function ofBrowsers(name: string): Treatment {
  return {
    problem: `the option \`${name}\` is ignored: it is for browsers, and mqttrep runs on Node.js`,
    fix: `remove \`${name}\``,
  };
}

function insteadOf(name: string, other: string): Treatment {
  return {
    problem: `the option \`${name}\` is ignored: mqttrep has another option for this`,
    fix: `write ${other} instead`,
  };
}

/** By name of the option. The table has no prototype, since names come from the user. */
export const MQTTJS_OPTIONS: Readonly<Record<string, Treatment>> = table([
  ['ALPNProtocols', 'kept'],
  ['auth', insteadOf('auth', '`username` and `password`')],
  ['authPacket', setByMqttrep('authPacket')],
  ['autoAssignTopicAlias', setByMqttrep('autoAssignTopicAlias')],
  ['autoUseTopicAlias', setByMqttrep('autoUseTopicAlias')],
  ['binary', ofBrowsers('binary')],
  ['browserBufferSize', ofBrowsers('browserBufferSize')],
  ['browserBufferTimeout', ofBrowsers('browserBufferTimeout')],
  ['bridgeMode', setByMqttrep('bridgeMode')],
  ['ca', 'kept'],
  ['caPaths', insteadOf('caPaths', '`caFile`')],
  ['cert', 'kept'],
  ['certPath', insteadOf('certPath', '`certFile`')],
  ['clean', 'kept'],
  ['clientId', 'kept'],
  ['connectTimeout', 'kept'],
  ['createWebsocket', setByMqttrep('createWebsocket')],
  ['customHandleAcks', setByMqttrep('customHandleAcks')],
  ['defaultProtocol', insteadOf('defaultProtocol', 'the scheme in the url')],
  ['encoding', setByMqttrep('encoding')],
  ['forceNativeWebSocket', ofBrowsers('forceNativeWebSocket')],
  ['host', 'kept'],
  ['hostname', 'kept'],
  ['incomingStore', setByMqttrep('incomingStore')],
  ['keepalive', 'kept'],
  ['key', 'kept'],
  ['keyPath', insteadOf('keyPath', '`keyFile`')],
  ['log', setByMqttrep('log')],
  ['manualConnect', setByMqttrep('manualConnect')],
  ['messageIdProvider', setByMqttrep('messageIdProvider')],
  ['my', ofBrowsers('my')],
  ['objectMode', ofBrowsers('objectMode')],
  ['outgoingStore', setByMqttrep('outgoingStore')],
  ['password', 'kept'],
  ['path', 'kept'],
  ['port', 'kept'],
  ['properties', 'kept'],
  ['protocol', 'kept'],
  ['protocolId', 'kept'],
  ['protocolVersion', 'kept'],
  ['query', insteadOf('query', '`clientId`')],
  ['queueQoSZero', setByMqttrep('queueQoSZero')],
  ['reconnectOnConnackError', setByMqttrep('reconnectOnConnackError')],
  ['reconnectPeriod', 'kept'],
  ['rejectUnauthorized', 'kept'],
  ['reschedulePings', 'kept'],
  ['resubscribe', setByMqttrep('resubscribe')],
  ['servername', 'kept'],
  ['servers', 'kept'],
  ['socksProxy', 'kept'],
  ['socksTimeout', 'kept'],
  ['subscribeBatchSize', setByMqttrep('subscribeBatchSize')],
  ['timerVariant', setByMqttrep('timerVariant')],
  ['transformWsUrl', setByMqttrep('transformWsUrl')],
  ['unixSocket', 'kept'],
  ['username', 'kept'],
  ['will', 'kept'],
  ['writeCache', setByMqttrep('writeCache')],
  ['wsOptions', 'kept'],
]);

/**
 * Properties of CONNECT (MQTT 5 §3.1.2.11). mqttrep ignores those that make the broker drop or rename messages: it would
 * take a message that the broker does not deliver for deleted.
 */
export const CONNECT_PROPERTIES: Readonly<Record<string, Treatment>> = table([
  ['authenticationData', 'kept'],
  ['authenticationMethod', 'kept'],
  [
    'maximumPacketSize',
    {
      problem:
        'the property `maximumPacketSize` is ignored: a broker drops larger messages silently, and they would look deleted',
      fix: 'set MQTTREP_MAX_PAYLOAD instead',
    },
  ],
  ['receiveMaximum', 'kept'],
  ['requestProblemInformation', 'kept'],
  ['requestResponseInformation', 'kept'],
  ['sessionExpiryInterval', 'kept'],
  [
    'topicAliasMaximum',
    {
      problem: 'the property `topicAliasMaximum` is ignored: mqttrep uses no topic aliases',
      fix: 'remove `topicAliasMaximum`',
    },
  ],
  ['userProperties', 'kept'],
]);

/** Options of TLS in Node.js that JSON can hold; MQTT.js passes them on. */
const TLS_OPTIONS = [
  'allowPartialTrustChain',
  'ciphers',
  'crl',
  'dhparam',
  'ecdhCurve',
  'honorCipherOrder',
  'maxVersion',
  'minVersion',
  'pfx',
  'passphrase',
  'secureOptions',
  'secureProtocol',
  'sessionTimeout',
  'sigalgs',
];

/** Options of a TCP connection in Node.js. */
const TCP_OPTIONS = ['family', 'hints', 'keepAlive', 'keepAliveInitialDelay', 'localAddress', 'localPort'];

/** Options inside of options. */
const INNER_OPTIONS: readonly (readonly [name: string, inner: readonly string[]])[] = [
  ['will', ['topic', 'payload', 'qos', 'retain', 'properties']],
  [
    'wsOptions',
    [
      ...['agent', 'auth', 'closeTimeout', 'followRedirects', 'handshakeTimeout', 'headers', 'host'],
      ...['localAddress', 'maxPayload', 'maxRedirects', 'origin', 'perMessageDeflate', 'protocolVersion'],
      ...['rejectUnauthorized', 'servername', 'skipUTF8Validation', 'timeout'],
      ...['ca', 'cert', 'key', ...TLS_OPTIONS, ...TCP_OPTIONS],
    ],
  ],
];

type Options = Record<string, unknown>;

/**
 * Removes the options that would break the replication, and returns a warning for each. An unknown option also gets a
 * warning, but stays: MQTT.js may know it.
 * @param own the names of mqttrep's own options
 */
export function checkOptions(options: Options, own: Iterable<string>): readonly Fault[] {
  const ours = [...own];
  const known = [...Object.keys(MQTTJS_OPTIONS), ...TLS_OPTIONS, ...TCP_OPTIONS, ...ours];
  const faults: Fault[] = [];
  for (const name of Object.keys(options)) {
    const treatment = MQTTJS_OPTIONS[name];
    if (typeof treatment === 'object') {
      delete options[name];
      faults.push(treatment);
    } else if (!known.includes(name)) faults.push(unknown('option', name, known));
  }
  if (isObject(options['properties'])) faults.push(...checkProperties(options['properties']));
  for (const [name, inner] of INNER_OPTIONS) {
    const object = options[name];
    if (!isObject(object)) continue;
    for (const key of Object.keys(object).filter(one => !inner.includes(one)))
      faults.push(unknown('option', key, inner, `${name}.${key}`));
  }
  return faults;
}

function isObject(value: unknown): value is Options {
  return typeof value === 'object' && value !== null;
}

function checkProperties(properties: Options): readonly Fault[] {
  const faults: Fault[] = [];
  for (const name of Object.keys(properties)) {
    const treatment = CONNECT_PROPERTIES[name];
    if (treatment === 'kept') continue;
    delete properties[name];
    faults.push(treatment ?? unknown('property', name, Object.keys(CONNECT_PROPERTIES)));
  }
  return faults;
}

function unknown(
  what: 'option' | 'property',
  name: string,
  known: readonly string[],
  place: string = name,
): Fault {
  const meant = nearest(name, known);
  return {
    problem: `neither mqttrep nor MQTT.js knows the ${what} \`${place}\``,
    fix: meant === undefined ? 'remove it' : `did you mean \`${meant}\`?`,
  };
}

function table(
  entries: readonly (readonly [name: string, treatment: Treatment])[],
): Record<string, Treatment> {
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
