/** What the page makes of heartbeats, of paths between brokers and of event queues. */

import { expect } from 'chai';
import type { BrokerStatus, EventStatus } from '../../../lib/status/api.ts';
import { newsOf } from '../../../lib/status/page/model/broker-news.ts';
import { droppedText, eventQueues, eventSummary } from '../../../lib/status/page/model/event-queues.ts';
import {
  flowSummary,
  flowsOf,
  pathBetween,
  pathSentence,
  pathView,
  shortLatency,
  slowestPath,
} from '../../../lib/status/page/model/flow.ts';
import { brokerStyle } from '../../../lib/status/page/model/link-states.ts';
import { brokerStatus } from '../broker-status.ts';
import { plain, world } from './models-fixture.ts';

const NOW = 1_000_000;

function statusOf(brokers: readonly BrokerStatus[], heartbeatPeriod: number | null = 10_000) {
  return { ...world.status(), brokers, heartbeatPeriod };
}

const beating = (name: string, more: Partial<BrokerStatus> = {}) =>
  brokerStatus(name, { heartbeat: 2, heartbeatAt: NOW - 5_000, ...more });

describe('The flow at the brokers', () => {
  it('puts a broker first that is down or whose heartbeat is overdue, then the oldest undelivered change', () => {
    const status = statusOf([
      beating('A'),
      beating('B', { behindSince: NOW - 3_000 }),
      beating('C', { behindSince: NOW - 60_000 }),
      beating('D', { heartbeatAt: NOW - 30_001 }),
      beating('E', { state: 'unreachable' }),
    ]);
    const flows = flowsOf(status, NOW);
    expect(flows.map(({ broker, tone }) => `${broker.name} ${tone}`)).to.deep.equal([
      'D bad',
      'E bad',
      'C busy',
      'B good',
      'A good',
    ]);
    expect(flows.map(({ oldest }) => oldest)).to.deep.equal([null, null, 60_000, 3_000, null]);
    expect(flows.map(({ heartbeat }) => heartbeat)).to.deep.equal([2, null, 2, 2, 2]);
    expect(flowSummary(status, flows)).to.equal('heartbeats come back from 3 of 5 brokers');
  });

  it('says that heartbeats are off, or that none came back yet', () => {
    const off = statusOf([brokerStatus('A')], null);
    expect(flowSummary(off, flowsOf(off, NOW))).to.equal('heartbeats are off (MQTTREP_HEARTBEAT)');
    const young = statusOf([brokerStatus('A')]);
    expect(flowSummary(young, flowsOf(young, NOW))).to.equal('no heartbeat has come back yet');
  });
});

describe('A path between two brokers', () => {
  const oslo = beating('OSLO');
  const paris = beating('PARIS', { paths: { OSLO: 1_240, ROME: 40 } });
  const rome = beating('ROME', { state: 'unreachable', paths: { OSLO: 12 } });

  it('has the latency of the last heartbeat, if both brokers are connected', () => {
    expect(pathBetween(oslo, paris)).to.deep.include({ latency: 1_240, pace: 'late' });
    expect(plain(pathSentence(pathBetween(oslo, paris)))).to.equal('OSLO → PARIS: 1.2 s');
    expect(pathSentence(pathBetween(paris, oslo))).to.equal('PARIS → OSLO: not measured yet');
    expect(pathSentence(pathBetween(rome, paris))).to.equal('ROME → PARIS: ROME is not connected');
    expect(pathSentence(pathBetween(oslo, rome))).to.equal('OSLO → ROME: ROME is not connected');
    expect(slowestPath([oslo, paris, rome])?.to).to.equal('PARIS');
    expect(slowestPath([oslo, rome])?.latency ?? null).to.equal(null);
  });

  it('has a figure of at most four characters in the matrix', () => {
    expect([0.42, 9.96, 478.4, 999.6, 1_240, 9_960, 59_600, 240_000].map(shortLatency)).to.deep.equal([
      '0.4',
      '10',
      '478',
      '1.0s',
      '1.2s',
      '10s',
      '1m',
      '4m',
    ]);
  });

  it('is in a matrix where all names and figures have room', () => {
    expect(pathView(1, 1_160)).to.equal('none');
    expect(pathView(2, 330)).to.equal('words');
    expect(pathView(3, 330)).to.equal('matrix');
    expect(pathView(12, 330)).to.equal('one broker');
    expect(pathView(12, 640)).to.equal('matrix');
    expect(pathView(30, 1_160)).to.equal('matrix');
  });
});

describe('The event topics on the page', () => {
  const flowing: EventStatus = {
    state: 'flowing',
    queued: 0,
    bytes: 0,
    oldest: 0,
    received: 3,
    delivered: 3,
    dropped: {},
  };

  it('are shown only if there are some, the worst broker first', () => {
    expect(eventQueues({ brokers: [brokerStatus('A')] })).to.deep.equal([]);
    const brokers = [
      brokerStatus('A', { events: flowing }),
      brokerStatus('B', { events: { ...flowing, queued: 1, oldest: 4_000 } }),
      brokerStatus('C', { events: { ...flowing, state: 'away', queued: 9, dropped: { full: 2 } } }),
    ];
    expect(eventQueues({ brokers }).map(({ name, dropped }) => `${name} ${dropped}`)).to.deep.equal([
      'C 2',
      'B 0',
      'A 0',
    ]);
    expect(eventSummary(brokers)).to.equal('10 events wait, 2 dropped');
    expect(eventSummary([brokerStatus('A', { events: flowing })])).to.equal('nothing waits');
  });

  it('are late, and the broker is not good, if events wait though the connection stands', () => {
    const stuck = brokerStatus('A', { events: { ...flowing, queued: 20, oldest: 25_000 } });
    expect(eventQueues({ brokers: [stuck] })[0]?.look).to.deep.include({ word: 'late', tone: 'busy' });
    expect(brokerStyle(stuck, NOW)).to.deep.include({ word: 'events wait', tone: 'busy' });
    const [news, ...others] = newsOf(statusOf([stuck, brokerStatus('B')]), NOW);
    expect(others).to.deep.equal([]);
    expect(news).to.deep.include({ what: '20 events wait for A', since: NOW - 25_000, tone: 'busy' });
    const quick = brokerStatus('A', { events: { ...flowing, queued: 20, oldest: 3_000 } });
    expect(newsOf(statusOf([quick]), NOW)).to.deep.equal([]);
  });

  it('name the reasons of dropped events, the most frequent first', () => {
    expect(droppedText(flowing)).to.equal('none');
    expect(droppedText({ ...flowing, dropped: { too_large: 3, expired: 2_400 } })).to.equal(
      '2,400 expired, 3 too large',
    );
  });
});
