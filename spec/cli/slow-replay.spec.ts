/**
 * A broker whose replay does not fit through its link: mosquitto drops what the socket and its queue of 1,000 messages do
 * not take. The sockets of loopback alone take several MB, so the messages here are large.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { itInFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { mosquittos, patience, ReplicationFixture } from './replication-fixture.ts';

/** Bytes a second. A slower link takes longer for the same messages, and cuts the replay at the same place. */
const RATE = 6_000_000;

const SITES = 20;
const DEVICES = 50;
const METRICS = 5;
const COUNT = SITES * DEVICES * METRICS;

function topicOf(index: number): string {
  const site = Math.floor(index / (DEVICES * METRICS));
  const device = Math.floor(index / METRICS) % DEVICES;
  return `site/${site}/device-${device}/metric-${index % METRICS}`;
}

/** 2 kB each, 10 MB in all. */
const payload = (index: number) => `${index}`.padEnd(2_000, '.');

describe('mqttrep, where a broker drops a part of its replay,', function () {
  this.timeout(4 * patience);

  let fixture: ReplicationFixture;

  before(function () {
    requireMosquitto(this);
  });

  afterEach(() => fixture?.stop());

  /** OSLO retains these topics behind a slow link, PARIS nothing. */
  async function begin(topic: (index: number) => string): Promise<void> {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const links = { OSLO: await Link.to(brokers.OSLO.port) };
    links.OSLO.bytesPerSecond = RATE;
    fixture = new ReplicationFixture({
      brokers,
      links,
      environment: { MQTTREP_HTTP: '0', MQTTREP_TOPIC_ALL: '#', MQTTREP_SCAN_PERIOD: '86400' },
    });
    // What `#` shows first then: the sentinel stands there as well, and does not end the replay.
    await publishMany(brokers.OSLO.url, 1, () => 'mqttrep/other/marker/OSLO');
    await publishMany(brokers.OSLO.url, COUNT, topic, payload);
    fixture.run();
  }

  async function status(path: string): Promise<string> {
    const line = await fixture.mqttrep.line('status page: ');
    const url = /http:\S+(?=\/$)/.exec(line)?.[0] ?? '';
    return (await fetch(`${url}${path}`)).text();
  }

  /** Looked at in parts: the reader of a spec is cut as well. */
  async function expectHeld(site: string): Promise<void> {
    const held = new Map<string, string>();
    await eventually(
      async () => {
        for (let number = 0; number < SITES; number++) {
          const part = await retainedOf(fixture.broker(site).url, `site/${number}/#`);
          expect(part.size, `site ${number}`).to.equal(DEVICES * METRICS);
          for (const [topic, value] of part) held.set(topic, value);
        }
      },
      { within: patience },
    );
    for (let index = 0; index < COUNT; index++) expect(held.get(topicOf(index))).to.equal(payload(index));
  }

  it('reads the rest in parts, copies all of it, and says what is incomplete until then', async () => {
    await begin(topicOf);
    const cut = await fixture.mqttrep.line('OSLO: the replay is incomplete', patience);
    const came = Number(/\((\d+) messages came\)/.exec(cut)?.[1]);
    expect(came).to.be.within(1_000, COUNT - 100);
    expect(await status('/metrics')).to.contain('mqttrep_replay_incomplete{broker="OSLO"} 1');
    expect(await status('/readyz?verbose')).to.contain('[-] broker OSLO: replay incomplete');
    await fixture.mqttrep.line('OSLO: the replay is complete', patience);
    expect(await status('/metrics')).to.contain('mqttrep_replay_incomplete{broker="OSLO"} 0');
    expect(await status('/readyz?verbose')).to.contain('[+] broker OSLO\n');
    await expectHeld('PARIS');
  });

  itInFull(
    'says that one level is incomplete where it has more topics than come at once, and under which filter',
    async () => {
      await begin(index => `flat/topic-${index}`);
      await fixture.mqttrep.line('OSLO: the replay is still incomplete: under "flat/+"', 2 * patience);
      expect(await status('/metrics')).to.contain('mqttrep_replay_incomplete{broker="OSLO"} 1');
    },
  );
});
