/** `mqttrep check --connect` says, for brokers with event topics, what they do with the session, and leaves none. */

import { expect } from 'chai';
import { eventSessionProblems } from '../../lib/broker/diagnostics/event-session-finding.ts';
import { SessionClient } from '../interop/events/session-client.ts';
import { TestClient } from '../support/client.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command, environmentOf, rowOf } from './command.ts';

const EVENTS = { MQTTREP_TOPIC_cmd: 'cmd/#', MQTTREP_MODE_cmd: 'event' };
const TABLE = 'event topics';

describe('mqttrep check --connect, with event topics', function () {
  this.timeout(60_000);

  const brokers: Record<'SHORT' | 'LONG', TestBroker> = {} as never;

  before(async () => {
    brokers.SHORT = await startMosquitto();
    brokers.LONG = await startMosquitto({ config: ['max_queued_messages 0', 'max_inflight_messages 5'] });
  });

  after(async () => {
    for (const broker of Object.values(brokers)) await broker.stop();
  });

  const eventTable = (stdout: string) => stdout.slice(stdout.indexOf(`\n${TABLE}`) + 1);
  const eventRow = (stdout: string, name: string) => rowOf(eventTable(stdout), name, TABLE);

  it('tells what each broker keeps while mqttrep is away, and how to have it keep more', async () => {
    const { code, stdout } = await command(
      ['check', '--connect'],
      environmentOf(brokers, { ...EVENTS, MQTTREP_CONFIG_SHORT: '{"protocolVersion":4}' }),
    );
    expect(code).to.equal(0);
    expect(eventRow(stdout, 'LONG')).to.deep.include({
      'second connection': 'accepted',
      'session kept': 'yes',
      'session expiry': '86400 s',
      'receive maximum': '5',
      'kept while away': 'all (1100)',
      'in order': 'yes',
    });
    expect(eventRow(stdout, 'SHORT')).to.deep.include({
      'session kept': 'yes',
      'session expiry': '-',
      'receive maximum': '-',
      'kept while away': '1000 of 1100',
      window: '20',
    });
    expect(stdout).to.contain(
      'SHORT: events: the broker keeps 1000 of 1100 messages while mqttrep is disconnected, and drops the others. Raise the number of messages that it queues for a client\n',
    );
    expect(stdout).not.to.contain('LONG: events:');
  });

  for (const [oneConnection, what] of [
    ['refuses the second', 'refuses a second connection of this account'],
    ['throws the first out', 'ends the connection of this account when a second one begins'],
  ] as const) {
    it(`says that a broker that ${oneConnection} has no event topics, and ends with 0`, async () => {
      const limited = await LimitedBroker.before(brokers.LONG.port, { oneConnection });
      const { code, stdout } = await command(
        ['check', '--connect'],
        environmentOf({ ONE: limited }, { ...EVENTS, MQTTREP_CONFIG_ONE: '{"username":"replicator"}' }),
      );
      await limited.close();
      expect(code).to.equal(0);
      expect(stdout)
        .to.contain(`ONE: events: the broker ${what}: mqttrep has a connection of its own for event topics`)
        .and.contain('MQTTREP_PUBLISH_BLACKLIST_{id}');
    });
  }

  const environment = () =>
    environmentOf({ LONG: brokers.LONG }, { ...EVENTS, MQTTREP_CONFIG_LONG: '{"clientId":"checked"}' });

  const hasSession = async () => {
    const client = await SessionClient.open(
      { url: brokers.LONG.url, options: {} },
      5,
      'checked_check_events',
      { clean: false, sessionExpiryInterval: 0, acknowledges: 0 },
    );
    await client.end();
    return client.connack?.sessionPresent;
  };

  it('leaves no session', async () => {
    expect((await command(['check', '--connect'], environment())).code).to.equal(0);
    expect(await hasSession()).to.equal(false);
  });

  it('leaves no session when it is interrupted, and ends with 1', async () => {
    const client = await TestClient.connect(brokers.LONG.url);
    await client.subscribe('mqttrep/+/check/#', { qos: 0 });
    const running = startMqttrep(environment(), ['check', '--connect']);
    await client.waitFor(({ topic }) => topic.endsWith('/event'), 20_000);
    const { code } = await running.stop('SIGINT');
    await client.end();
    expect(code).to.equal(1);
    expect(await hasSession()).to.equal(false);
  });

  it('tests no session where control topics are off, except that it is kept', async () => {
    const { stdout } = await command(['check', '--connect'], {
      ...environment(),
      MQTTREP_CONTROL_TOPIC: 'off',
    });
    expect(eventRow(stdout, 'LONG')).to.deep.include({ 'session kept': 'yes', 'kept while away': '-' });
  });

  it('has no such table without event topics', async () => {
    const { stdout } = await command(['check', '--connect'], environmentOf({ LONG: brokers.LONG }));
    expect(stdout).not.to.contain(TABLE);
  });

  describe('about the session', () => {
    const expected = { name: 'OSLO', sessionExpiry: 86_400 };
    const good = {
      secondConnection: 'accepted',
      sessionPresent: true,
      sessionExpiry: 86_400,
      published: 1_100,
      kept: 1_100,
      window: 20,
      isOrdered: true,
    } as const;

    const cases = [
      ['nothing where all is well', {}, []],
      [
        'that the broker keeps it for a shorter time',
        { sessionExpiry: 300 },
        [/300 s, not for the 86400 s of MQTTREP_EVENT_SESSION.*Raise/],
      ],
      [
        'that it keeps no messages',
        { kept: 0, sessionPresent: false },
        [/keeps no messages while mqttrep is disconnected.*Permit/],
      ],
      ['that it has one and denies it', { sessionPresent: false }, [/says that it has none/]],
      ['that it delivers in another order', { isOrdered: false }, [/another order/]],
      ['that its window is small', { window: 1 }, [/delivers 1 messages before.*Raise/]],
    ] as const;
    for (const [what, part, patterns] of cases) {
      it(`says ${what}`, () => {
        const problems = eventSessionProblems(expected, { ...good, ...part });
        expect(problems).to.have.length(patterns.length);
        for (const [index, pattern] of patterns.entries()) expect(problems[index]).to.match(pattern);
      });
    }
  });
});
