/** The settings of one broker: `MQTTREP_{key}_{name}`. */

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

/** Options that mqttrep itself knows, inside the JSON object. */
export const OWN_OPTIONS: readonly {
  readonly name: string;
  readonly value: string;
  readonly help: string;
}[] = [
  {
    name: 'maxQos',
    value: '0, 1 or 2; default 2',
    help: 'The highest QoS that the broker supports, for subscribing and publishing.',
  },
  {
    name: 'maxLevels',
    value: 'a number from 1 to 65536',
    help: 'The deepest topic that the broker accepts, in levels. mqttrep does not publish deeper topics there.',
  },
  {
    name: 'maxTopicLength',
    value: 'bytes from 1 to 65535',
    help: 'The longest topic that the broker accepts. mqttrep does not publish longer topics there.',
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
    help: 'Signs the URL of a websocket (`wss`) for AWS IoT Core, at each connect. The region comes from the host, or is named. The keys are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment.',
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
