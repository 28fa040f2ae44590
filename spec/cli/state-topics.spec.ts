/** MQTTREP_STATE_TOPICS: clients of each broker see how mqttrep is. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

const environment = { MQTTREP_STATE_TOPICS: 'true', MQTTREP_TOPIC_ducks: 'ducks/#' };

describe('the state topics', function () {
  this.timeout(6 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;
  let other: MqttrepProcess | undefined;
  let link: Link;

  beforeEach(async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    link = await Link.to(brokers.PARIS.port);
    fixture = await fixtures.start({ brokers, links: { PARIS: link }, environment });
  });

  afterEach(async () => {
    await other?.stop();
    other = undefined;
  });

  /** What a client that comes now is shown. */
  async function shown(site: string): Promise<Record<string, string>> {
    const client = await fixture.client(site);
    await client.publish('$sentinel/state', 'the end', { retain: true });
    await client.subscribe(['mqttrep/status', 'mqttrep/connection/+', '$sentinel/state'], { qos: 0 });
    await client.waitFor(({ topic }) => topic === '$sentinel/state', patience);
    const { messages } = client;
    await client.destroy();
    return Object.fromEntries(
      messages
        .filter(({ topic, retain }) => retain && topic.startsWith('mqttrep/'))
        .map(({ topic, payload }) => [topic.replace('mqttrep/', ''), payload]),
    );
  }

  const eventuallyShown = (site: string, state: Readonly<Record<string, string>>) =>
    eventually(async () => expect(await shown(site)).to.deep.equal(state), { within: patience });

  const allUp = { status: 'online', 'connection/OSLO': '1', 'connection/PARIS': '1' };

  it('say at each broker that mqttrep is there, and connected; and at its end that it is not', async () => {
    for (const site of fixture.sites) await eventuallyShown(site, allUp);
    expect(await fixture.mqttrep.stop()).to.deep.equal({ code: 0, signal: null });
    const down = { status: 'offline', 'connection/OSLO': '0', 'connection/PARIS': '0' };
    for (const site of fixture.sites) expect(await shown(site)).to.deep.equal(down);
  });

  it('say elsewhere that a broker is cut off, and there that mqttrep is', async () => {
    for (const site of fixture.sites) await eventuallyShown(site, allUp);
    link.cut();
    await eventuallyShown('OSLO', { ...allUp, 'connection/PARIS': '0' });
    await eventuallyShown('PARIS', { ...allUp, status: 'offline' });
    link.heal();
    for (const site of fixture.sites) await eventuallyShown(site, allUp);
  });

  it('say by will that mqttrep was killed', async () => {
    for (const site of fixture.sites) await eventuallyShown(site, allUp);
    await fixture.mqttrep.stop('SIGKILL');
    for (const site of fixture.sites) await eventuallyShown(site, { ...allUp, status: 'offline' });
  });

  it('are not replicated', async () => {
    const watchers = await fixture.watchAll();
    const client = await fixture.client('OSLO');
    await client.publish('mqttrep/connection/LIMA', '1');
    await fixture.settled();
    const [, paris] = watchers;
    expect(paris?.messages.filter(({ topic }) => topic.endsWith('LIMA'))).to.deep.equal([]);
  });

  it('leave replicators able to notice each other', async () => {
    other = startMqttrep({ ...fixture.environment });
    const notice = 'another replicator';
    await Promise.all([fixture.mqttrep.line(notice, patience), other.line(notice, patience)]);
  });
});
