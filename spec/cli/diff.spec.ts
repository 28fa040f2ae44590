/** `mqttrep diff` says in which retained topics brokers differ, and only then. */

import { expect } from 'chai';
import { controlTopicsAt } from '../broker/makes.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { publishMany } from '../support/publish-many.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command, environmentOf, type Outcome } from './command.ts';

describe('mqttrep diff', function () {
  this.timeout(60_000);

  const cut = 'CUT does not show everything that it retains: topics that only CUT retains may be missing\n';
  let brokers: { OSLO: TestBroker; CUT: TestBroker };
  let environment: Readonly<Record<string, string>>;
  /** Both show all that they retain, and at once. */
  let whole: { OSLO: TestBroker; ROME: TestBroker };

  before(async function () {
    requireMosquitto(this);
    brokers = { OSLO: await startMosquitto(), CUT: await startAedes({ replayCut: 10 }) };
    environment = environmentOf(brokers);
    whole = { OSLO: brokers.OSLO, ROME: await startMosquitto() };
    for (const { url } of [...Object.values(brokers), whole.ROME]) await publishMany(url, 250);
  });

  after(async () => {
    for (const broker of new Set(Object.values({ ...brokers, ...whole }))) await broker.stop();
  });

  async function retain(site: keyof typeof brokers, topic: string, payload: string | Buffer): Promise<void> {
    const client = await TestClient.connect(brokers[site].url);
    await client.publish(topic, payload, { retain: true });
    await client.end();
  }

  it('ends with 0 where nothing differs, though one broker’s replay is cut short', async () => {
    const { code, stdout, stderr } = await command(['diff'], environment);
    expect(code).to.equal(0);
    // The replay that is cut is waited for.
    expect(stderr.split('\n').filter(line => !/^mqttrep: (reading|comparing)|^$/.test(line))).to.deep.equal(
      [],
    );
    expect(stdout).to.equal(`${cut}250 topics were compared: none differs.\n`);
  });

  it('says what it is doing if it takes longer than 2 s', async () => {
    const slow = await startAedes({ replayGap: 20 });
    await publishMany(slow.url, 250);
    const { code, stderr } = await command(['diff'], environmentOf({ OSLO: brokers.OSLO, SLOW: slow }));
    expect(code).to.equal(0);
    expect(stderr).to.match(/^mqttrep: reading; topics read so far: .*SLOW \d+/m);
    await slow.stop();
  });

  it('takes a number of topics with --limit, and nothing else', async () => {
    const { code, stderr } = await command(['diff', '--limit', 'all'], environment);
    expect({ code, stderr }).to.deep.equal({
      code: 64,
      stderr: "mqttrep: --limit 'all' is not a whole number\nSee 'mqttrep --help'.\n",
    });
  });

  it('does not call diverging what it cannot know', async () => {
    const { code, stdout } = await command(['diff'], { ...environment, MQTTREP_CONTROL_TOPIC: 'off' });
    expect(code).to.equal(1);
    expect(stdout).to.contain('250 topics were compared: none differs, 240 unknown');
    expect(stdout).to.match(/^"many\/\d+"\n {2}CUT {3}\(unknown\)\n {2}OSLO {2}"value \d+"$/m);
  });

  it('ends with 69 where a broker is not reached, and compares the others', async () => {
    const gone = { url: `mqtt://127.0.0.1:${await freePort()}` };
    const { code, stdout } = await command(['diff'], environmentOf({ ...whole, GONE: gone }));
    expect(code).to.equal(69);
    expect(stdout)
      .to.match(/^GONE could not be read: .*ECONNREFUSED/m)
      .and.contain('none differs');
  });

  it('reads no more topics than mqttrep takes in, and says so', async () => {
    const bounded = { ...environmentOf(whole), MQTTREP_MAX_TOPICS: '100' };
    const { code, stdout } = await command(['diff'], bounded);
    expect(code).to.equal(69);
    expect(stdout).to.contain('OSLO could not be read: it retains more than 100 topics (MQTTREP_MAX_TOPICS)');
  });

  describe('with event topics', () => {
    const events = { MQTTREP_TOPIC_cmd: 'cmd/#', MQTTREP_MODE_cmd: 'event' };

    before(async () => {
      const client = await TestClient.connect(whole.ROME.url);
      await client.publish('cmd/lamp', 'ON', { retain: true });
      await client.publish('cmd/status/lamp', 'on', { retain: true });
      await client.end();
    });

    after(async () => {
      const client = await TestClient.connect(whole.ROME.url);
      await client.deleteRetained('cmd/lamp');
      await client.deleteRetained('cmd/status/lamp');
      await client.end();
    });

    it('leaves those out, and says so', async () => {
      const { code, stdout } = await command(['diff'], {
        ...environmentOf(whole, events),
        MQTTREP_EXCLUDE_status: 'cmd/status/#',
      });
      expect({ code, stdout }).to.deep.equal({
        code: 0,
        stdout:
          '250 topics were compared: none differs.\nEvent topics were left out ("cmd/#"): mqttrep delivers each of their messages, and does not keep their retained messages equal.\n',
      });
    });

    it('compares the state topics inside of an event filter, and tells programs what is left out', async () => {
      const { code, stdout } = await command(['diff', '--json'], {
        ...environmentOf(whole, events),
        MQTTREP_TOPIC_all: 'cmd/+',
        MQTTREP_MODE_all: 'event',
        MQTTREP_TOPIC_status: 'cmd/status/#',
        MQTTREP_MODE_status: 'state',
      });
      expect(code).to.equal(1);
      const { compared, diverging, eventFilters } = JSON.parse(stdout);
      expect(compared).to.equal(1);
      expect(diverging.map(({ topic }: { topic: string }) => topic)).to.deep.equal(['cmd/status/lamp']);
      expect(eventFilters).to.have.members(['cmd/#', 'cmd/+']);
    });

    it('ends with 0 if there are no others', async () => {
      const only = { ...environmentOf(whole, events), MQTTREP_TOPIC_all: 'cmd/+' };
      const { code, stdout } = await command(['diff'], only);
      expect(code).to.equal(0);
      expect(stdout).to.contain('0 topics were compared: none differs.\nEvent topics were left out');
    });
  });

  it('leaves nothing behind when it is interrupted, and ends with 1', async () => {
    const link = await Link.to(brokers.OSLO.port);
    link.delay = 500;
    const client = await TestClient.connect(brokers.OSLO.url);
    await client.subscribe('mqttrep/+/replay/OSLO', { qos: 0 });
    const running = startMqttrep({ ...environment, MQTTREP_CLIENT_OSLO: link.url }, ['diff']);
    await client.waitFor(({ payload }) => payload !== '', 20_000);
    expect((await running.stop('SIGINT')).code).to.equal(1);
    expect(running.stderr).to.contain('interrupted');
    await client.end();
    await link.close();
    await eventually(async () => expect(await controlTopicsAt(brokers.OSLO.url)).to.deep.equal([]));
  });

  describe('where brokers differ', () => {
    const { OSLO, CUT } = { OSLO: 'OSLO', CUT: 'CUT' } as const;
    let text: Outcome;
    let json: Outcome;

    before(async () => {
      await retain(OSLO, 'canards/name', 'Saturnin');
      await retain(CUT, 'canards/name', 'Donald');
      await retain(OSLO, 'binary', Buffer.from([0xff, 0]));
      await retain(OSLO, 'long', 'x'.repeat(1_000));
      await retain(OSLO, 'private/a', 'x');
      await retain(OSLO, '$private', 'x');
      // At once, since each asks the broker whose replay is cut short topic by topic.
      [text, json] = await Promise.all([
        command(['diff'], {
          ...environment,
          MQTTREP_TOPIC_private: 'private/#',
          MQTTREP_PUBLISH_WHITELIST_private: 'OSLO',
        }),
        command(['diff', '--json'], environment),
      ]);
    });

    it('prints which, with what each retains, and ends with 1', () => {
      const { code, stdout } = text;
      expect(code).to.equal(1);
      expect(stdout).to.equal(
        [
          '"binary"\n  CUT   (nothing)\n  OSLO  0xff00\n',
          '"canards/name"\n  CUT   "Donald"\n  OSLO  "Saturnin"\n',
          `"long"\n  CUT   (nothing)\n  OSLO  "${'x'.repeat(60)}…" (1000 bytes)\n`,
          '\nbroker  retains  lacks  differs in  unknown\nCUT     251      2      1           0\nOSLO    254      0      1           0\n' +
            `\n${cut}254 topics were compared: 3 differ.\n`,
        ].join(''),
      );
    });

    it('tells it to programs', () => {
      const { code, stdout } = json;
      expect(code).to.equal(1);
      const { equal, brokers, cut: hiding, compared, diverging, unknown } = JSON.parse(stdout);
      expect(hiding).to.deep.equal(['CUT']);
      expect({ equal, compared, unknown }).to.deep.equal({ equal: false, compared: 254, unknown: [] });
      expect(brokers).to.deep.equal([
        { name: 'CUT', state: 'read' },
        { name: 'OSLO', state: 'read' },
      ]);
      expect(diverging[0]).to.deep.equal({
        topic: 'binary',
        brokers: { CUT: 'absent', OSLO: { size: 2, base64: '/wA=', properties: '' } },
      });
      expect(diverging.map(({ topic }: { topic: string }) => topic)).to.include('private/a');
    });

    it('leaves nothing behind', async () => {
      for (const { url } of Object.values(brokers)) expect(await controlTopicsAt(url)).to.deep.equal([]);
    });
  });
});
