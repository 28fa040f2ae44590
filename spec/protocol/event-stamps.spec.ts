/** The stamp of an event: what it proves, and what it does not when somebody copies it. */

import { expect } from 'chai';
import fc from 'fast-check';
import { EventStamps } from '../../lib/protocol/event-stamps.ts';
import { isOwnProperty } from '../../lib/protocol/properties.ts';
import { deliveryOf } from '../broker/events/event-packets.ts';

const DELIVERY = deliveryOf({ seq: 12_345, origin: 'oslo-id', path: ['oslo-id'] });

const OURS = new EventStamps('replica', 'secret');
const OTHER = new EventStamps('another', 'their secret');
const CLIENT = { kind: 'other', path: [] };

const stamped = (stamps: EventStamps, delivery = DELIVERY) => ({
  userProperties: { ...stamps.of(delivery, 'node') },
});

describe('The stamp of an event', () => {
  it('names the event, so that consumers can drop duplicates by it', () => {
    const user = OURS.of(DELIVERY, 'node');
    expect(user['mqttrep-event']).to.equal('node.oslo-id.9ix');
    expect(user['mqttrep-path']).to.equal('oslo-id');
    for (const name of Object.keys(user)) expect(isOwnProperty(name), name).to.equal(true);
  });

  it('proves our own echo', () => {
    expect(OURS.read(DELIVERY, stamped(OURS))).to.deep.equal({
      kind: 'own',
      id: { node: 'node', seq: 12_345 },
    });
  });

  it('proves nothing on another message: a client copied the properties of a request to its answer', () => {
    const answer = { ...DELIVERY, topic: 'lamps/1/answer' };
    expect(OURS.read(answer, stamped(OURS))).to.deep.equal(CLIENT);
    expect(OURS.read({ ...DELIVERY, payload: Buffer.from('ON') }, stamped(OURS))).to.deep.equal(CLIENT);
    expect(OTHER.read(answer, stamped(OURS))).to.deep.equal(CLIENT);
  });

  it('tells another replicator the path, and cannot be made by it in our name', () => {
    const passed = { ...DELIVERY, path: ['paris-id', 'oslo-id'] };
    expect(OTHER.read(passed, stamped(OURS, passed))).to.deep.equal({ kind: 'other', path: passed.path });
    const forged = new EventStamps('replica', 'a guess');
    expect(OURS.read(DELIVERY, stamped(forged))).to.deep.equal(CLIENT);
  });

  it('is the same for all nodes of a group, which differ in the name of their logs', () => {
    const node = new EventStamps('group', 'shared');
    const other = new EventStamps('group', 'shared');
    const user = { userProperties: { ...node.of(DELIVERY, 'node-2') } };
    expect(other.read(DELIVERY, user)).to.deep.equal({ kind: 'own', id: { node: 'node-2', seq: 12_345 } });
  });

  it('works for an origin without an id', () => {
    const nameless = { ...DELIVERY, origin: '', path: [] };
    expect(OURS.of(nameless, 'node')).to.not.have.property('mqttrep-path');
    expect(OURS.read(nameless, stamped(OURS, nameless))).to.deep.include({ kind: 'own' });
  });

  it('throws on nothing that a client can write', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined), fc.constant(null));
    fc.assert(
      fc.property(value, value, value, (from, event, path) => {
        const userProperties = {
          'mqttrep-from': from,
          'mqttrep-event': event,
          'mqttrep-path': path,
        } as never;
        expect(OURS.read(DELIVERY, { userProperties })).to.deep.equal(CLIENT);
      }),
    );
    expect(OURS.read(DELIVERY, undefined)).to.deep.equal(CLIENT);
  });
});
