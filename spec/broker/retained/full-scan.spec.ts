/** A full scan shows all that a broker retains, and ends whatever happens. */

import { expect } from 'chai';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { FullScan } from '../../../lib/broker/retained/full-scan.ts';
import { Sentinel } from '../../../lib/broker/retained/sentinel.ts';
import { BatchReader } from '../../../lib/protocol/batch.ts';
import { readObservation } from '../../../lib/protocol/observation.ts';
import { TestClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { itInFull } from '../../support/in-full.ts';
import { Link } from '../../support/link.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { payloadText } from '../../support/payload-text.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { controlTopicsAt, REPLAYING_MAKES } from '../makes.ts';

/** More than mosquitto queues for a subscriber. */
const MANY = 3_000;

for (const { make, protocolVersion, start, order = 'filter by filter' } of REPLAYING_MAKES) {
  describe(`A full scan of ${make}`, () => {
    let broker: TestBroker;
    let link: Link;
    let shown: Map<string, string>;

    before(async function () {
      broker = await start(this);
      const client = await TestClient.connect(broker.url);
      await client.publish('elsewhere', 'x', { retain: true });
      await client.publish('mqttrep/other/marker/oslo', '1', { retain: true });
      await client.end();
      await publishMany(broker.url, MANY);
    });

    after(() => broker?.stop());

    beforeEach(async () => {
      link = await Link.to(broker.port);
      shown = new Map();
    });

    afterEach(() => link?.close());

    function scanOf(filter: string): FullScan {
      return new FullScan({
        options: {
          url: link.url,
          options: {},
          clientId: `scan_${Math.random()}`,
          protocolVersion,
          maxQos: 2,
          largestPayload: 10_000,
        },
        sentinel: new Sentinel('mqttrep/us/full-scan/spec', 'nonce'),
        capabilities: { ...UNTESTED, replayOrder: order },
        subscriptions: [{ filter, qos: 1 }],
        ingress: {
          stamps: () => undefined,
          modes: () => ({ isEvent: () => false }),
          controlPrefix: 'mqttrep',
          bounds: { payload: 10_000, topics: 10_000, memory: undefined, topicLength: 65_535, levels: 100 },
        },
        show: batch => {
          const reader = new BatchReader(batch);
          while (!reader.done) {
            const { topic, payload } = readObservation(reader);
            shown.set(topic, payloadText(payload));
          }
        },
      });
    }

    it('shows every topic under its filters with its value, and no control topic', async () => {
      await scanOf('#').run();
      expect(shown.size).to.equal(MANY + 1);
      expect(shown.get('many/0')).to.equal('value 0');
      expect(shown.get(`many/${MANY - 1}`)).to.equal(`value ${MANY - 1}`);
    });

    it('shows nothing else', async () => {
      await scanOf('elsewhere').run();
      expect([...shown]).to.deep.equal([['elsewhere', 'x']]);
    });

    it('leaves nothing behind', async () => {
      await scanOf('#').run();
      const topics = (await controlTopicsAt(broker.url)).filter(topic => topic.startsWith('mqttrep/us/'));
      expect(topics).to.deep.equal([]);
    });

    it('ends if the broker cannot be reached', async () => {
      link.cut();
      await scanOf('#').run();
      expect(shown.size).to.equal(0);
    });

    it('ends when it is closed', async () => {
      link.freeze();
      const scan = scanOf('#');
      const over = scan.run();
      scan.close();
      await over;
    });
  });
}

/** Over a websocket mosquitto shows no more at once than its queue holds: 1,000 messages. */
describe('A full scan of a broker that drops what it cannot write', function () {
  this.timeout(30_000);

  let broker: TestBroker;
  let link: Link;
  let shown: Set<string>;

  before(async function () {
    requireMosquitto(this);
    const port = await freePort();
    broker = await startMosquitto({ config: [`listener ${port} 127.0.0.1`, 'protocol websockets'] });
    await publishMany(broker.url, MANY, index => {
      const [site, device, metric] = [index % 10, Math.floor(index / 10) % 30, Math.floor(index / 300)];
      return `site-${site}/device-${device}/metric-${metric}`;
    });
    await publishMany(broker.url, 1_500, index => `flat/${index}`);
    link = await Link.to(port);
  });

  after(async () => {
    await link?.close();
    await broker?.stop();
  });

  function scanOf(filters: readonly string[], parents: readonly string[] = []): FullScan {
    shown = new Set();
    return new FullScan({
      options: {
        url: link.url.replace('mqtt:', 'ws:'),
        options: {},
        clientId: `scan_${Math.random()}`,
        protocolVersion: 5,
        maxQos: 2,
        largestPayload: 10_000,
      },
      sentinel: new Sentinel('mqttrep/us/full-scan/spec', 'nonce'),
      capabilities: { ...UNTESTED, replayOrder: 'filter by filter', replayFlag: 'set' },
      parents,
      subscriptions: filters.map(filter => ({ filter, qos: 1 })),
      ingress: {
        stamps: () => undefined,
        modes: () => ({ isEvent: () => false }),
        controlPrefix: 'mqttrep',
        bounds: { payload: 10_000, topics: 10_000, memory: undefined, topicLength: 65_535, levels: 100 },
      },
      show: batch => {
        const reader = new BatchReader(batch);
        while (!reader.done) shown.add(readObservation(reader).topic);
      },
    });
  }

  it('reads in parts, and shows everything', async () => {
    const filters = ['site-0/#', 'site-1/#', 'site-2/#', 'site-3/#'];
    const scan = await scanOf(filters).run();
    expect(scan).to.deep.equal({ outcome: 'complete', subscribes: 3, unreadFilters: [], droppedLevels: 0 });
    expect(shown.size).to.equal((4 * MANY) / 10);
  });

  itInFull('finds the branches that were not shown, and tells which level is incomplete', async () => {
    const scan = await scanOf(['#']).run();
    expect(scan).to.deep.include({ outcome: 'incomplete', unreadFilters: ['flat/+'] });
    expect([...shown].filter(topic => topic.startsWith('site-'))).to.have.lengthOf(MANY);
    expect(shown.size).to.be.within(MANY + 900, MANY + 1_499);
  });

  it('tells that it was broken off if the connection is lost meanwhile', async () => {
    const over = scanOf(['#']).run();
    await eventually(() => expect(link.connections).to.equal(1));
    link.cut();
    expect(await over).to.deep.include({ outcome: 'interrupted' });
    link.heal();
  });
});
