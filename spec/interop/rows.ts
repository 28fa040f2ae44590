/** The rows of the table: a make of broker, and how it is spoken to. */

import type { Protocol, Transport } from './makes/make.ts';

export interface Row {
  readonly make: string;
  /** Undefined where mqttrep is to find out. */
  readonly protocol?: Protocol;
  readonly transport: Transport;
  /**
   * The broker stores what it retains once a second, and has small queues until then: masses are written in parts, and it
   * has the time to store before it is stopped.
   */
  readonly storesLate?: boolean;
}

const transports: readonly Transport[] = ['tcp', 'tls', 'ws'];
const versions: readonly Protocol[] = [5, 4, 3];

const alone = [
  'rabbitmq',
  'activemq',
  'artemis',
  'hivemq',
  'moquette',
  'amqtt',
  'aedes',
  'mosca',
  'nats',
  'ejabberd',
  'mochi',
];

export const ROWS: readonly Row[] = [
  ...transports.flatMap(transport =>
    versions.map((protocol): Row => ({ make: 'mosquitto', protocol, transport })),
  ),
  ...alone.map((make): Row => ({ make, transport: 'tcp' })),
  { make: 'artemis', protocol: 4, transport: 'tcp' },
  // A listener for each version.
  { make: 'rumqttd', protocol: 4, transport: 'tcp' },
  { make: 'rumqttd', protocol: 5, transport: 'tcp' },
];

/** As in the names of files, and on the command line: `mosquitto`, `mosquitto-3.1.1-tls`. */
export function rowName({ make, protocol, transport }: Row): string {
  const version = protocol === undefined ? [] : [PROTOCOLS[protocol]];
  return [make, ...version, ...(transport === 'tcp' ? [] : [transport])].join('-');
}

export const PROTOCOLS: Readonly<Record<Protocol, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' };
