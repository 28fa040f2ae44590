/**
 * mosquitto's own bridge: each other broker connects to the first one. The bridge is part of the broker, so its cost is
 * part of the broker's. It uses MQTT 5, where No Local prevents loops and Retain As Published preserves the flag.
 */

import { startMosquitto } from '../../spec/support/mosquitto.ts';
import type { TestBroker } from '../../spec/support/test-broker.ts';
import type { Running, Site, Subject } from './subject.ts';

export const mosquittoBridge: Subject = {
  name: 'bridge',
  title: "mosquitto's bridge",
  async launch(sites: readonly Site[]): Promise<Running> {
    const brokers = await Promise.all(
      sites.map((site, index) => (index === 0 ? site.broker : bridged(site))),
    );
    return { pids: [], brokers, stop: async () => undefined };
  },
};

/** Restarts the broker, because mosquitto reads the lines of a bridge only at its start. */
async function bridged({ broker, config, hubPort }: Site): Promise<TestBroker> {
  await broker.kill();
  return startMosquitto({ port: broker.port, config: [...config, ...bridge(broker.port, hubPort)] });
}

function bridge(port: number, hubPort: number): string[] {
  return [
    'connection hub',
    `address 127.0.0.1:${hubPort}`,
    'topic # both 1',
    'bridge_protocol_version mqttv50',
    // The default consists of the names of the host and the connection, which are the same for all brokers here.
    `remote_clientid bridge-${port}`,
    'notifications false',
    'restart_timeout 1',
  ];
}
