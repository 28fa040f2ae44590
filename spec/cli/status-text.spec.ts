/** The text of `mqttrep status`. */

import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { statusLines } from '../../lib/cli/status-text.ts';
import type { BrokerStatus, Status } from '../../lib/status/api.ts';
import { PLAIN, tableOf } from '../../lib/terminal/terminal.ts';
import { brokerStatus } from '../status/broker-status.ts';

const NOW = Date.UTC(2026, 0, 2);

const broker = (name: string, more: Partial<BrokerStatus> = {}) =>
  brokerStatus(name, { since: NOW - 7_384_000, roundTrip: 1.84, ...more });

const STATUS: Status = {
  version: '2.0.0',
  replica: 'us',
  startedAt: NOW - 90_061_000,
  mergeFrequency: 1,
  heartbeatPeriod: 10_000,
  hidesPayloads: false,
  allowsActions: false,
  filters: ['#'],
  brokers: [
    broker('OSLO'),
    broker('PARIS', {
      state: 'unreachable',
      detail: 'connect ECONNREFUSED',
      since: NOW - 5_000,
      protocol: null,
      behind: 1_234,
      roundTrip: null,
      reconnects: 1,
      dropped: { publish_too_large: 3 },
      heldBack: { pending: 2 },
    }),
  ],
  topics: { converged: 1_000_000, diverging: 1_234, blocked: 0, deleted: 1 },
  convergence: {
    buckets: [
      { upTo: 250, count: 60 },
      { upTo: 5_000, count: 100 },
      { upTo: null, count: 100 },
    ],
    sum: 1,
    count: 100,
  },
  rates: [
    {
      at: NOW,
      seconds: 5,
      received: { OSLO: 10_000, PARIS: 1 },
      published: { OSLO: 0, PARIS: 20 },
      converged: { count: 0, median: null, p95: null },
    },
  ],
  conflicts: [
    {
      at: NOW,
      topic: 'canards/menu',
      winner: { broker: 'OSLO', value: { kind: 'text', text: 'oats', bytes: 4 } },
      loser: { broker: 'PARIS', value: { kind: 'deleted' } },
      decidedBy: 'arrival',
    },
  ],
};

describe('the text of a status', () => {
  const lines = (status: Status = STATUS) => statusLines(PLAIN, 'http://gateway:9280', status, NOW);

  it('has the heartbeats, the slowest paths, the age of the oldest undelivered change, and silent connections', () => {
    const flowing = {
      ...STATUS,
      brokers: [
        broker('OSLO', { heartbeat: 12.34, paths: { PARIS: 80 } }),
        broker('PARIS', { paths: { OSLO: 1_500 }, behindSince: NOW - 75_000, silences: 2 }),
      ],
    };
    const text = lines(flowing).join('\n');
    expect(text).to.match(/^OSLO .* 12 ms$/m);
    expect(text).to.match(/^PARIS .* 1 min .* –$/m);
    expect(text).to.contain('Paths, by heartbeats: OSLO → PARIS 1.5 s, PARIS → OSLO 80 ms');
    expect(text).to.contain('PARIS: connected but silent twice'.replace('twice', '2 times'));
  });

  it('has the state of brokers, topics and conflicts', () => {
    const time = new Date(NOW).toTimeString().slice(0, 8);
    expect(lines()).to.deep.equal([
      'mqttrep 2.0.0 at http://gateway:9280, up 1 d 1 h, replica us',
      '',
      '1,000,000 topics converged, 1,234 diverging, 0 blocked, 1 deleted',
      '',
      'broker  state              for  MQTT  behind  oldest   in/s  out/s  pending  waiting  round trip  heartbeat',
      'OSLO    ready        2 h 3 min     5       0       –  2,000      0        0        0      1.8 ms          –',
      'PARIS   unreachable        5 s     –   1,234       –    0.2    4.0        0        0           –          –',
      'PARIS: connect ECONNREFUSED; 3 dropped (publish_too_large); limit reached 2 times (pending); reconnected once',
      '',
      '100 changes reached all brokers: half of them within 250 ms, 95 % within 5 s.',
      '',
      'Last conflicts',
      `  ${time}  canards/menu: "oats" (OSLO) won over a deletion (PARIS) by arrival`,
    ]);
  });

  it('has the rate that a broker is limited to', () => {
    const limited = [
      broker('OSLO', { maxRate: 1_000, maxBytesPerSecond: 240_000 }),
      broker('PARIS', { maxBytesPerSecond: 5_000, heldBack: { rate: 1 } }),
      broker('QUEBEC', { maxRate: 45 }),
    ];
    const text = lines({ ...STATUS, brokers: limited });
    expect(text).to.include('OSLO: is sent at most 1,000 messages and 240,000 bytes a second');
    expect(text).to.include('PARIS: is sent at most 5,000 bytes a second; limit reached once (rate)');
    expect(text).to.include('QUEBEC: is sent at most 45 messages a second');
  });

  it('tells what a person has to decide or fix at a broker', () => {
    const brokers = [broker('OSLO', { deletionsHeld: 300, unreadable: 1 })];
    expect(lines({ ...STATUS, brokers })).to.include(
      "OSLO: 300 topics gone, maybe deleted: 'mqttrep confirm-deletions OSLO' deletes at all brokers, with --refuse it publishes to OSLO again; does not show 1 topic; perhaps mqttrep has no right to read there",
    );
  });

  it('names a broker that dropped a part of its replay', () => {
    const brokers = [broker('OSLO', { replayIncomplete: true })];
    expect(lines({ ...STATUS, brokers })).to.include(
      'OSLO: replay incomplete: the broker dropped a part of what it retains; mqttrep reads the rest in parts',
    );
  });

  it('is the same in colours, with each state also in words', () => {
    const painted = statusLines(tableOf(100), 'http://gateway:9280', STATUS, NOW);
    expect(painted.join('\n')).to.contain('\x1b[');
    expect(painted.map(line => stripVTControlCharacters(line))).to.deep.equal(lines());
  });

  it('tells if nothing has happened yet', () => {
    const quiet = { ...STATUS, conflicts: [], rates: [], convergence: { buckets: [], sum: 0, count: 0 } };
    expect(lines(quiet)).to.include('No change has reached all brokers yet.');
    expect(lines(quiet).join('\n')).not.to.contain('NaN');
  });

  it('has no control characters that clients write', () => {
    const [conflict] = STATUS.conflicts;
    if (conflict === undefined) throw new Error('there is no conflict');
    const value = { kind: 'text', text: '\x1b]0;owned\x07\u202Egnp\u2028x', bytes: 20 } as const;
    const evil = { ...conflict, topic: 'a\x1b[2J\nb', winner: { broker: 'O\rSLO', value } };
    const brokers = [broker('OSLO', { state: 'refused', detail: 'no\x9b31m\n\x1b[1A' })];
    const shown = lines({ ...STATUS, brokers, conflicts: [evil] });
    for (const line of shown) expect(line).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  });
});
