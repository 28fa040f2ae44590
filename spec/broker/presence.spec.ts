/** Other replicators at a broker are named once each, whatever is written under their topics. */

import { expect } from 'chai';
import { Presence } from '../../lib/broker/presence.ts';
import { ControlTopics } from '../../lib/protocol/control-topics.ts';

describe('Presence', () => {
  let named: string[];
  let presence: Presence;

  beforeEach(() => {
    named = [];
    presence = new Presence(new ControlTopics('mqttrep', 'us', 'OSLO'), replica => named.push(replica));
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

  it('does not name one that has gone', () => {
    observe('mqttrep/other/presence/OSLO', '');
    expect(named).to.deep.equal([]);
  });

  it('names nothing that a terminal would obey, or that is no id of a replicator', () => {
    for (const id of ['\u001b[2J', 'a\nerror b', '', 'x'.repeat(65), 'ü'])
      observe(`mqttrep/${id}/presence/OSLO`);
    observe('mqttrep/other/marker/OSLO');
    expect(named).to.deep.equal([]);
  });

  it('names no more than a hundred, however many are made up', () => {
    for (let id = 0; id < 1_000; id++) observe(`mqttrep/${id}/presence/OSLO`);
    expect(named).to.have.lengthOf(100);
  });
});
