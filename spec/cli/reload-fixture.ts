/** mqttrep between mosquitto brokers, with its configuration in a file. A spec changes the file and sends SIGHUP. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { mosquittos, patience } from './replication-fixture.ts';

export type Site = 'OSLO' | 'PARIS' | 'QUEBEC';
export type Variables = Readonly<Record<string, string>>;

/** Defines specs, each with three brokers and a file of its own. */
export function atSighup(define: (fixture: ReloadFixture) => void): void {
  describe('mqttrep, at SIGHUP,', function () {
    this.timeout(6 * patience);
    const fixture = new ReloadFixture();
    before(function () {
      requireMosquitto(this);
    });
    beforeEach(() => fixture.open());
    afterEach(() => fixture.close());
    define(fixture);
  });
}

export class ReloadFixture {
  #brokers: Readonly<Record<Site, TestBroker>> | undefined;
  #clients: TestClient[] = [];
  #file = '';
  #mqttrep: MqttrepProcess | undefined;

  async open(): Promise<void> {
    this.#clients = [];
    this.#file = join(tempFolder('reload'), 'mqttrep.env');
    this.#brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.destroy()));
    await this.#mqttrep?.stop();
    await Promise.all(Object.values(this.#brokers ?? {}).map(broker => broker.stop()));
  }

  broker(site: Site): TestBroker {
    if (this.#brokers === undefined) throw new Error('no broker was started');
    return this.#brokers[site];
  }

  get mqttrep(): MqttrepProcess {
    if (this.#mqttrep === undefined) throw new Error('mqttrep was not started');
    return this.#mqttrep;
  }

  /** The variables of these brokers. */
  between(...sites: readonly Site[]): Variables {
    return Object.fromEntries(sites.map(site => [`MQTTREP_CLIENT_${site}`, this.broker(site).url]));
  }

  async start(variables: Variables, ...sites: readonly Site[]): Promise<void> {
    this.#write({ ...this.between(...sites), ...variables });
    // Without the status server, unless a spec needs it: the environment wins over the file.
    const { MQTTREP_HTTP = 'off' } = variables;
    const mqttrep = startMqttrep({ MQTTREP_HTTP }, ['run', '--env-file', this.#file]);
    this.#mqttrep = mqttrep;
    await Promise.all(sites.map(site => mqttrep.line(`${site}: connected with`, patience)));
  }

  /** Resolves with what mqttrep says from the signal to the line that ends the reload. */
  async reload(variables: Variables, end = 'the new configuration is in force'): Promise<string> {
    this.#write(variables);
    const before = this.mqttrep.stderr.length;
    this.mqttrep.kill('SIGHUP');
    const said = () => this.mqttrep.stderr.slice(before);
    await eventually(() => expect(said()).to.contain(end), { within: patience });
    return said();
  }

  async client(site: Site): Promise<TestClient> {
    const connected = await TestClient.connect(this.broker(site).url, { protocolVersion: 5 });
    this.#clients.push(connected);
    return connected;
  }

  async retain(site: Site, topic: string, payload: string): Promise<void> {
    await (await this.client(site)).publish(topic, payload, { retain: true });
  }

  /** Resolves when the broker retains this payload, or nothing. */
  async retained(site: Site, topic: string, payload: string | undefined): Promise<void> {
    await eventually(
      async () => expect((await retainedOf(this.broker(site).url, topic)).get(topic)).to.equal(payload),
      { within: patience },
    );
  }

  /** Resolves when OSLO and PARIS retain the same. */
  async equal(): Promise<void> {
    const urls = (['OSLO', 'PARIS'] as const).map(site => this.broker(site).url);
    await eventually(() => expectEqualBrokers(urls), { within: patience });
  }

  /** How often mqttrep has connected to a broker, its probes apart, as mosquitto says. */
  connects(site: Site): number {
    return this.#mainConnections(site, /New client connected .* as \S+_mqttreplicator_/);
  }

  /** How often mqttrep has disconnected from a broker. */
  losses(site: Site): number {
    return this.#mainConnections(site, /Client \S+_mqttreplicator_\S+ (disconnected|closed)/);
  }

  /** mqttrep has connected to these brokers once, and is connected still. */
  expectUntouched(...sites: readonly Site[]): void {
    for (const site of sites)
      expect([site, this.connects(site), this.losses(site)]).to.deep.equal([site, 1, 0]);
  }

  #mainConnections(site: Site, what: RegExp): number {
    const lines = this.broker(site).log().split('\n');
    return lines.filter(line => what.test(line) && !line.includes('_probe')).length;
  }

  #write(variables: Variables): void {
    const lines = Object.entries({ MQTTREP_MERGE_FREQUENCY: '50', ...variables }).map(
      ([name, value]) => `${name}='${value}'\n`,
    );
    writeFileSync(this.#file, lines.join(''));
  }
}
