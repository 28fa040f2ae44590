/**
 * `MQTTREP_CONFIG_{name}`: any connection option of MQTT.js, and mqttrep's own options. Known options are checked.
 * Options that would break the replication are ignored (mqttjs-options.ts). No problem repeats a string of the JSON:
 * any string may be a secret.
 */

import * as v from 'valibot';
import type { QoS } from '../core/policy.ts';
import { BROKER_LIMITS, type BrokerLimits, LIMIT_NAMES, type LimitName, limitsIn } from './broker-limits.ts';
import type { ConnectionOptions } from './config.ts';
import { parseJson } from './json.ts';
import { checkOptions } from './mqttjs-options.ts';
import { type Fault, type Faults, type Parsed, show } from './problems.ts';
import { decidedBy, PROFILE_NAMES, type ProfileName } from './profiles.ts';

export interface BrokerOptions extends BrokerLimits {
  readonly maxQos: QoS;
  readonly priority: number;
  /** Absent without one. */
  readonly profile?: ProfileName;
  /** The options that the profile decided; absent without a profile. */
  readonly fromProfile?: readonly string[];
  /** Seconds for which the first address must answer before mqttrep returns to it; absent for the default. */
  readonly returnAfter?: number;
  /** False if the broker keeps a retained message although an empty one follows; absent if it does not. */
  readonly acceptsDeletions?: false;
  /** False if the broker must not deliver our own events back (MQTT 5); absent if it does. */
  readonly eventEcho?: false;
  readonly options: ConnectionOptions;
}

/** Options whose numbers a problem may repeat. Another number may be a password without its quotes. */
export const HARMLESS_NUMBERS: ReadonlySet<string> = new Set([
  'connectTimeout',
  'keepalive',
  'maxQos',
  'port',
  'priority',
  'protocolVersion',
  'reconnectPeriod',
  'returnAfter',
  ...LIMIT_NAMES,
]);

const AWS_REGION = /^[a-z]+(?:-[a-z\d]+)+$/;

const SIGNED = 'true, or a region such as "eu-west-1"';

const PROXY_SCHEMES: ReadonlySet<string> = new Set(['socks5:', 'socks5h:', 'http:']);

const text = v.exactOptional(v.string('a string'));
const flag = v.exactOptional(v.boolean('true or false'));
const texts = v.exactOptional(v.union([v.string(), v.array(v.string())], 'a string or an array of strings'));
const filled = (expected: string) => v.exactOptional(v.pipe(v.string(expected), v.nonEmpty(expected)));
const whole = (least: number, most: number, unit = '') => {
  const expected = `a whole number${unit} from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.check(n => Number.isInteger(n) && n >= least && n <= most, expected),
  );
};
/** The longest period of a timer of Node.js. */
const milliseconds = v.exactOptional(whole(0, 2 ** 31 - 1, ' of milliseconds'));

function limitEntries() {
  const entries = LIMIT_NAMES.map(name => {
    const { least, most, unit } = BROKER_LIMITS[name];
    return [name, v.exactOptional(whole(least, most, unit))] as const;
  });
  return Object.fromEntries(entries) as Record<LimitName, (typeof entries)[number][1]>;
}

const PROXY = 'a URL such as socks5://proxy:1080 or http://user:password@proxy:3128';

/** Percent-encoding that is wrong would be noticed only at each connect. */
function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  try {
    decodeURIComponent(`${username}${password}`);
  } catch {
    return false;
  }
  return PROXY_SCHEMES.has(protocol) && hostname !== '' && `${pathname}${search}${hash}`.length <= 1;
}

/** What the options of a broker have to be; options that it does not name are left to MQTT.js. */
export const BROKER_OPTIONS = v.looseObject(
  {
    profile: v.exactOptional(
      v.picklist(PROFILE_NAMES, PROFILE_NAMES.join(', ').replace(/, (?=[^,]*$)/, ' or ')),
    ),
    maxQos: v.exactOptional(v.picklist([0, 1, 2], '0, 1 or 2'), 2),
    priority: v.exactOptional(whole(0, 1000), 0),
    ...limitEntries(),
    returnAfter: v.exactOptional(whole(1, 86_400, ' of seconds')),
    acceptsDeletions: flag,
    eventEcho: flag,
    clientId: filled('a string that is not empty'),
    username: text,
    password: text,
    usernameFile: filled('a path'),
    passwordFile: filled('a path'),
    passwordCommand: filled('a command'),
    awsSigV4: v.exactOptional(
      v.union([v.boolean(SIGNED), v.pipe(v.string(SIGNED), v.regex(AWS_REGION, SIGNED))], SIGNED),
    ),
    awsCredentialsFile: filled('a path'),
    awsCredentialsCommand: filled('a command'),
    protocolVersion: v.exactOptional(v.picklist([3, 4, 5], '3 (MQTT 3.1), 4 (MQTT 3.1.1) or 5 (MQTT 5)')),
    protocolId: text,
    clean: flag,
    keepalive: v.exactOptional(whole(0, 65_535, ' of seconds')),
    connectTimeout: milliseconds,
    reconnectPeriod: milliseconds,
    reschedulePings: flag,
    protocol: text,
    host: filled('a host'),
    hostname: filled('a host'),
    port: v.exactOptional(whole(1, 65_535)),
    path: text,
    servername: text,
    proxy: v.exactOptional(v.pipe(v.string(PROXY), v.check(isProxy, PROXY))),
    rejectUnauthorized: flag,
    caFile: filled('a path'),
    certFile: filled('a path'),
    keyFile: filled('a path'),
    ca: texts,
    cert: texts,
    key: texts,
    passphrase: text,
    properties: v.exactOptional(v.looseObject({}, 'an object')),
    wsOptions: v.exactOptional(v.looseObject({ rejectUnauthorized: flag }, 'an object')),
    will: v.exactOptional(
      v.looseObject(
        {
          topic: v.pipe(v.string('a string'), v.nonEmpty('a string that is not empty')),
          payload: v.string('a string'),
          qos: v.exactOptional(v.picklist([0, 1, 2], '0, 1 or 2')),
          retain: flag,
        },
        'an object',
      ),
    ),
  },
  'an object',
);

/** Reads the JSON, or returns everything that is wrong with it at once. The default of `maxQos` is 2, of `priority` 0. */
export function parseBrokerOptions(json: string): Parsed<BrokerOptions> | Faults {
  const parsed = parseJson(json);
  if (!('value' in parsed)) return parsed;
  if (Array.isArray(parsed.value)) return noObject('an array');
  const result = v.safeParse(BROKER_OPTIONS, parsed.value);
  if (!result.success) return { faults: faults(result.issues) };
  const { profile, priority, returnAfter, acceptsDeletions, eventEcho, ...rest } = result.output;
  const decided = decidedBy(profile, parsed.value as object);
  const { maxQos, ...others } = { ...rest, ...decided };
  const { limits, options } = withoutLimits(others);
  const warnings = [...checkOptions(options, Object.keys(BROKER_OPTIONS.entries)), ...risks(options)];
  const further = {
    ...(profile === undefined ? {} : { profile, fromProfile: Object.keys(decided) }),
    ...(returnAfter === undefined ? {} : { returnAfter }),
    ...(acceptsDeletions === false ? { acceptsDeletions } : {}),
    ...(eventEcho === false ? { eventEcho } : {}),
  };
  return { value: { maxQos, priority, ...limits, ...further, options }, warnings };
}

function withoutLimits<T extends BrokerLimits>(all: T) {
  const options: Record<string, unknown> = { ...all };
  for (const name of LIMIT_NAMES) delete options[name];
  return {
    limits: Object.fromEntries(limitsIn(all)) as BrokerLimits,
    options: options as Omit<T, LimitName>,
  };
}

type Risky = Pick<v.InferOutput<typeof BROKER_OPTIONS>, 'rejectUnauthorized' | 'wsOptions'> & {
  readonly servers?: unknown;
};

function risks(options: Risky): readonly Fault[] {
  const found: Fault[] = [];
  if (options.rejectUnauthorized === false || options.wsOptions?.rejectUnauthorized === false) {
    found.push({
      problem:
        '`rejectUnauthorized` is false, so anybody between mqttrep and the broker can impersonate the broker',
      fix: "name the file with the certificate of the broker's authority in `caFile` instead",
    });
  }
  if (Array.isArray(options.servers) && options.servers.length > 1) {
    found.push({
      problem: 'mqttrep connects only to the first of `servers`',
      fix: 'name one address, such as that of a proxy in front of them',
    });
  }
  return found;
}

function noObject(given: string): Fault {
  return { problem: `it is ${given}, not an object`, fix: 'write a JSON object, such as {"keepalive":30}' };
}

/** One fault for each wrong option. */
function faults(issues: readonly v.InferIssue<typeof BROKER_OPTIONS>[]): readonly Fault[] {
  const found = new Map<string, Fault>();
  for (const issue of issues) {
    const name = v.getDotPath(issue);
    if (name === null) {
      found.set('', noObject(kindOf(issue.input)));
    } else if (!found.has(name)) {
      found.set(name, {
        problem: `\`${name}\` is ${given(name, issue.input)}`,
        fix: `give \`${name}\` as ${expected(issue)}`,
      });
    }
  }
  return [...found.values()];
}

/** For a missing key valibot returns the message of the object around it. Only strings are required keys. */
function expected(issue: { readonly input: unknown; readonly message: string }): string {
  return issue.input === undefined ? 'a string' : issue.message;
}

function given(name: string, value: unknown): string {
  if (name === 'profile' && typeof value === 'string' && value !== '') return show(value);
  return typeof value === 'number' && HARMLESS_NUMBERS.has(name) ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
