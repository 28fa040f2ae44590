/** The settings of one broker: `MQTTREP_{key}_{name}`. */

import { BROKER_LIMITS, type LimitName } from './broker-limits.ts';
import { type BrokerOptions, parseBrokerOptions } from './broker-options.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { maskUrl } from './mask.ts';
import { setting } from './setting.ts';

export const BROKER_SETTINGS = {
  url: setting<readonly string[]>({
    key: 'CLIENT',
    value: 'a URL: `mqtt`, `mqtts`, `ws` or `wss`; or several, separated by blanks',
    parse: parseBrokerUrls,
    isRequired: true,
    help: 'A broker, under a unique name. Up to 30 brokers in one process. Several URLs are addresses of one broker: mqttrep tries them in turn.',
    reload: 'applied',
    keepsEmpty: true,
    show: urls => urls.map(maskUrl).join(' '),
    isList: true,
  }),
  options: setting<BrokerOptions>({
    key: 'CONFIG',
    value: 'a JSON object',
    parse: parseBrokerOptions,
    default: '{}',
    help: "Options of the connection: any option of MQTT.js, such as `username` and `password`, and mqttrep's own.",
    reload: 'applied',
    isSecret: true,
    inFile: 'a JSON object',
  }),
} as const;

/** @param what is counted */
function range(limit: LimitName, what: string): string {
  const { least, most } = BROKER_LIMITS[limit];
  return `${what} from ${least} to ${most}`;
}

/** Options that mqttrep itself knows, inside the JSON object. */
export const OWN_OPTIONS: readonly {
  readonly name: string;
  readonly value: string;
  readonly help: string;
}[] = [
  {
    name: 'profile',
    value: '`aws-iot`, `event-grid` or `hivemq-cloud`',
    help: 'The limits that are known of this provider, and a pace that keeps within them. Limits of your own win. `mqttrep config` shows what the profile decides.',
  },
  {
    name: 'maxQos',
    value: '0, 1 or 2; default 2',
    help: 'The highest QoS that the broker supports, for subscribing and publishing.',
  },
  {
    name: 'maxLevels',
    value: range('maxLevels', 'a number'),
    help: 'The deepest topic that the broker accepts, in levels. mqttrep does not publish deeper topics there.',
  },
  {
    name: 'maxTopicLength',
    value: range('maxTopicLength', 'bytes'),
    help: 'The longest topic that the broker accepts. mqttrep does not publish longer topics there.',
  },
  {
    name: 'maxPacketSize',
    value: range('maxPacketSize', 'bytes'),
    help: 'The largest packet that the broker accepts, with its topic and properties. mqttrep sends no larger one. If the broker names a smaller limit, that one applies.',
  },
  {
    name: 'maxFilters',
    value: range('maxFilters', 'a number'),
    help: 'How many filters the broker accepts in one SUBSCRIBE. Without it, mqttrep learns the limit.',
  },
  {
    name: 'maxInFlight',
    value: range('maxInFlight', 'a number'),
    help: 'How many publishes the broker accepts that it has not acknowledged. If the broker names a smaller limit, that one applies.',
  },
  {
    name: 'maxRate',
    value: range('maxRate', 'messages a second'),
    help: 'The most messages that mqttrep publishes there in a second, all connections together. Of state, only the newest value of each topic waits; events wait in their order.',
  },
  {
    name: 'maxBytesPerSecond',
    value: range('maxBytesPerSecond', 'bytes'),
    help: 'The most bytes that mqttrep publishes there in a second, all connections together. One message may be larger; the next one waits for it.',
  },
  {
    name: 'priority',
    value: 'a number from 0 to 1000; default 0',
    help: 'At first contact, if two brokers differ and the merge chain does not decide, the broker with the larger priority wins.',
  },
  {
    name: 'returnAfter',
    value: 'seconds from 1 to 86400; default 60',
    help: 'With several URLs: how long the first one must answer before mqttrep returns to it.',
  },
  {
    name: 'usernameFile',
    value: 'a path',
    help: 'A file with the user name. mqttrep reads it at each connect, as all files of a broker.',
  },
  {
    name: 'passwordFile',
    value: 'a path',
    help: 'A file with the password, or with a token in its place. mqttrep renews a JWT or a SAS at 80 % of its life.',
  },
  {
    name: 'passwordCommand',
    value: 'a command of the shell',
    help: 'A command that prints the password or token. mqttrep runs it at each connect and renewal, for at most 10 s; it may print 64 KB.',
  },
  {
    name: 'proxy',
    value: 'a URL: `socks5` or `http`',
    help: 'A proxy on the way to the broker: SOCKS 5, or HTTP CONNECT. User name and password stand in the URL, percent-encoded.',
  },
  {
    name: 'awsSigV4',
    value: 'true, or a region',
    help: 'Signs the URL of a websocket (`wss`) for AWS IoT Core, at each connect. The region comes from the host, unless you name it. The keys are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment.',
  },
  {
    name: 'awsCredentialsFile',
    value: 'a path',
    help: 'A file with the keys for `awsSigV4`: JSON with `AccessKeyId`, `SecretAccessKey` and `SessionToken`, as the AWS tools write it.',
  },
  {
    name: 'awsCredentialsCommand',
    value: 'a command of the shell',
    help: 'A command that prints such JSON. mqttrep runs it at each connect, for at most 10 s.',
  },
  {
    name: 'acceptsDeletions',
    value: 'true or false; default true',
    help: 'False for a broker that keeps a retained message although an empty one follows. mqttrep publishes no deletion there, and says so.',
  },
  {
    name: 'eventEcho',
    value: 'true or false; default true',
    help: 'With false, the broker does not deliver our own events back (No Local of MQTT 5). That halves the traffic; after a cut, up to a window of events may be doubled.',
  },
  {
    name: 'caFile',
    value: 'a path',
    help: "A PEM file with the certificate of the broker's authority, for TLS.",
  },
  {
    name: 'certFile',
    value: 'a path',
    help: 'A PEM file with the certificate of mqttrep, for TLS with client certificates.',
  },
  {
    name: 'keyFile',
    value: 'a path',
    help: 'A PEM file with the private key of that certificate; `passphrase` opens it.',
  },
];
