/** Other replicators at a broker are named once each, whatever is written under their topics. */

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

  it('names another replicator once, and not this one', () => {
    for (let time = 0; time < 2; time++) {
      observe('mqttrep/us/presence/OSLO');
      observe('mqttrep/V1StGXR8_Z/presence/north');
    }
    expect(named).to.deep.equal(['V1StGXR8_Z']);
  });

  for (const payload of ['', 'offline']) {
    it(`does not name one that has gone, which says ${JSON.stringify(payload)}`, () => {
      observe('mqttrep/other/presence/OSLO', payload);
      expect(named).to.deep.equal([]);
    });
  }

  it('names nothing that a terminal would obey, or that is no id of a replicator', () => {
    for (const id of ['\u001b[2J', 'a\nerror b', '', 'x'.repeat(65), 'ü'])
      observe(`mqttrep/${id}/presence/OSLO`);
    observe('mqttrep/other/marker/OSLO');
    expect(named).to.deep.equal([]);
  });

  it('tells that a broker is connected to under another name, where this process says so', () => {
    observe('mqttrep/us/presence/PARIS', 'online b-0');
    expect(sameBrokers).to.deep.equal(['PARIS']);
    expect(named).to.deep.equal([]);
  });

  it('takes what an earlier process left under another name for nothing, since the broker may have been renamed', () => {
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
    it(`${isCopy ? 'notices' : 'does not take for'} a copy of the store what ${JSON.stringify(process)} wrote`, () => {
      observe('mqttrep/us/process/OSLO', process);
      expect(copies).to.deep.equal(isCopy ? ['mqttrep/us/process/OSLO'] : []);
    });
  }

  it('names no more than a hundred, however many are made up', () => {
    for (let id = 0; id < 1_000; id++) observe(`mqttrep/${id}/presence/OSLO`);
    expect(named).to.have.lengthOf(100);
  });
});
