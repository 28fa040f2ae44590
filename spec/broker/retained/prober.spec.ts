/** A probe tells what a broker retains; if it cannot know, it tells `unknown`. */

import { expect } from 'chai';
import { startAedes } from '../../support/aedes-broker.ts';
import { TestClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { Link } from '../../support/link.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { controlTopicsAt, REPLAYING_MAKES } from '../makes.ts';
import { Fixture, LARGEST } from './prober-fixture.ts';

for (const { make, protocolVersion, start, order = 'filter by filter' } of REPLAYING_MAKES) {
  describe(`Prober at ${make}`, () => {
    let broker: TestBroker;
    let link: Link;
    let fixture: Fixture;

    before(async function () {
      broker = await start(this);
      const client = await TestClient.connect(broker.url, { protocolVersion: 4 });
      await client.publish('present', 'here', { retain: true });
      await client.publish('bytes', Buffer.from([0, 255, 128]), { retain: true });
      await client.publish('deleted', 'gone', { retain: true });
      await client.deleteRetained('deleted');
      await client.publish('passed', 'by');
      await client.end();
      await publishMany(broker.url, 250);
    });

    after(() => broker?.stop());

    beforeEach(async () => {
      link = await Link.to(broker.port);
      fixture = new Fixture(link.url, protocolVersion, order);
    });

    afterEach(async () => {
      await fixture?.prober.close();
      await link?.close();
    });

    it('tells present topics from absent ones', async () => {
      const topics = ['present', 'bytes', 'deleted', 'passed', 'never', 'pre', 'present/below'];
      const found = ['here', '\x00\xff\x80', 'absent', 'absent', 'absent', 'absent', 'absent'];
      expect(await fixture.ask(topics)).to.deep.equal(found);
    });

    it('finds present topics without a sentinel, answers unknown for the rest, and writes nothing', async () => {
      const unmarked = new Fixture(link.url, protocolVersion, order, {}, 'without a sentinel');
      const topics = ['never', 'present', 'bytes'];
      expect(await unmarked.ask(topics)).to.deep.equal(['unknown', 'here', '\x00\xff\x80']);
      expect(await unmarked.ask(['present'])).to.deep.equal(['here']);
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
      await unmarked.prober.close();
    });

    it('answers unknown for a message that is too large for mqttrep', async () => {
      const client = await TestClient.connect(broker.url);
      await client.publish('large', 'x'.repeat(LARGEST + 1), { retain: true });
      await client.publish('huge', 'x'.repeat(1_000_000), { retain: true });
      expect(await fixture.ask(['large', 'present', 'huge', 'never'])).to.deep.equal([
        'unknown',
        'here',
        'unknown',
        'absent',
      ]);
      await client.end();
    });

    it('tells no properties over MQTT 5 from the lack of properties over MQTT 3.1.1', async () => {
      await fixture.ask(['present']);
      expect(fixture.found('present')).to.deep.include({
        properties: protocolVersion === 5 ? '' : undefined,
        stamp: undefined,
        expiry: Number.POSITIVE_INFINITY,
      });
    });

    it('answers each of many topics once', async () => {
      const topics = Array.from({ length: 500 }, (_, index) => `many/${index}`);
      const expected = topics.map((_, index) => (index < 250 ? `value ${index}` : 'absent'));
      expect(await fixture.ask(topics)).to.deep.equal(expected);
    });

    it('answers what is retained at the time of the probe', async () => {
      const client = await TestClient.connect(broker.url);
      for (const value of ['1', '2', '']) {
        await client.publish('changing', value, { retain: true });
        expect(await fixture.ask(['changing'])).to.deep.equal([value || 'absent']);
      }
      await client.end();
    });

    it('answers unknown if the broker cannot be reached', async () => {
      link.cut();
      expect(await fixture.ask(['present', 'never'])).to.deep.equal(['unknown', 'unknown']);
    });

    it('answers unknown while the broker is gone, and the truth once it is back', async () => {
      await fixture.ask(['present']);
      link.cut();
      expect(await fixture.ask(['present', 'never'])).to.deep.equal(['unknown', 'unknown']);
      link.heal();
      expect(await fixture.ask(['present', 'never'])).to.deep.equal(['here', 'absent']);
    });

    it('answers unknown if the broker goes during the probe', async () => {
      await fixture.ask(['present']);
      link.freeze();
      const asked = fixture.ask(['present', 'never']);
      link.cut();
      expect(await asked).to.deep.equal(['unknown', 'unknown']);
      link.thaw();
    });

    it('leaves nothing behind', async () => {
      await fixture.ask(['present']);
      await fixture.prober.close();
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    });
  });
}

describe('Prober with many background probes', () => {
  it('serves an urgent probe first', async () => {
    const broker = await startAedes();
    const fixture = new Fixture(broker.url, 4, 'any');
    const topics = Array.from({ length: 250 }, (_, index) => `background/${index}`);
    const answered = fixture.ask(topics);
    fixture.prober.probe(['urgent'], 'urgent');
    await eventually(() => expect(fixture.found('urgent')).to.equal('absent'));
    expect(topics.filter(topic => fixture.found(topic) === undefined)).to.have.length.of.at.least(50);
    await answered;
    await fixture.prober.close();
    await broker.stop();
  });

  it('serves a promoted probe first, and answers it once', async () => {
    const broker = await startAedes();
    const fixture = new Fixture(broker.url, 4, 'any');
    const topics = Array.from({ length: 250 }, (_, index) => `background/${index}`);
    const answered = fixture.ask(topics);
    fixture.prober.promote(['background/249', 'background/0', 'never asked']);
    await eventually(() => expect(fixture.found('background/249')).to.equal('absent'));
    expect(topics.filter(topic => fixture.found(topic) === undefined)).to.have.length.of.at.least(50);
    await answered;
    expect(fixture.found('never asked')).to.equal(undefined);
    await fixture.prober.close();
    await broker.stop();
  });
});
