/** Each other replicator at a broker is reported once, whatever is written under its topics. */

import { expect } from 'chai';
import { Presence } from '../../lib/broker/presence.ts';
import { ControlTopics } from '../../lib/protocol/control-topics.ts';

describe('Presence', () => {
  let named: string[];
  let sameBrokers: string[];
  let copies: string[];
  let presence: Presence;

  beforeEach(() => {
    named = [];
    sameBrokers = [];
    copies = [];
    presence = new Presence(new ControlTopics('mqttrep', 'us', 'OSLO'), 'b-0', {
      another: replica => named.push(replica),
      sameBroker: name => sameBrokers.push(name),
      copyOfStore: topic => copies.push(topic),
    });
  });

  const observe = (topic: string, payload = 'online') =>
    presence.observe({ topic, payload: Buffer.from(payload) });

  it('reports another replicator once, and never itself', () => {
    for (let time = 0; time < 2; time++) {
      observe('mqttrep/us/presence/OSLO');
      observe('mqttrep/V1StGXR8_Z/presence/north');
    }
    expect(named).to.deep.equal(['V1StGXR8_Z']);
  });

  for (const payload of ['', 'offline']) {
    it(`does not report a replicator that is gone and left ${JSON.stringify(payload)}`, () => {
      observe('mqttrep/other/presence/OSLO', payload);
      expect(named).to.deep.equal([]);
    });
  }

  it('reports no name that could control a terminal, or that is not a replica id', () => {
    for (const id of ['\u001b[2J', 'a\nerror b', '', 'x'.repeat(65), 'ü'])
      observe(`mqttrep/${id}/presence/OSLO`);
    observe('mqttrep/other/marker/OSLO');
    expect(named).to.deep.equal([]);
  });

  it('reports another name of the same broker if this process has written it', () => {
    observe('mqttrep/us/presence/PARIS', 'online b-0');
    expect(sameBrokers).to.deep.equal(['PARIS']);
    expect(named).to.deep.equal([]);
  });

  it('ignores another name that an earlier process wrote, since the broker may have been renamed', () => {
    observe('mqttrep/us/presence/PARIS', 'online a-0');
    observe('mqttrep/us/presence/OSLO', 'online b-0');
    expect(sameBrokers).to.deep.equal([]);
  });

  const processes: readonly (readonly [string, boolean])[] = [
    ['c-0', true],
    ['10-0', true],
    ['b-1', true],
    ['b-0', false],
    ['a-0', false],
    ['online', false],
    ['zzzzzzzzzzzz-0', false],
    ['c-0\u001b[2J', false],
  ];
  for (const [process, isCopy] of processes) {
    it(`${isCopy ? 'reports' : 'does not report'} a copy of the store if the last process is ${JSON.stringify(process)}`, () => {
      observe('mqttrep/us/process/OSLO', process);
      expect(copies).to.deep.equal(isCopy ? ['mqttrep/us/process/OSLO'] : []);
    });
  }

  it('reports at most a hundred replicators, however many are invented', () => {
    for (let id = 0; id < 1_000; id++) observe(`mqttrep/${id}/presence/OSLO`);
    expect(named).to.have.lengthOf(100);
  });
});
