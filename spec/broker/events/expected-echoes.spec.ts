/** Which messages are taken for echoes by their bytes alone. */

import { expect } from 'chai';
import { ExpectedEchoes } from '../../../lib/broker/events/expected-echoes.ts';
import type { Delivery } from '../../../lib/protocol/event-records.ts';
import { delivered, PacketFixture } from './event-packets.ts';

describe('An echo that is expected', () => {
  let echoes: ExpectedEchoes;
  let fixture: PacketFixture;

  beforeEach(() => {
    echoes = new ExpectedEchoes();
    fixture = new PacketFixture();
  });

  const stampOf = (seq: number) => ({ 'mqttrep-from': `replica.${seq}`, 'mqttrep-event': `node..${seq}` });

  /** The same packet, with the packet identifier that the broker gives it. */
  const packetOf = (seq: number, fields: Partial<Delivery> = {}, id = 7) =>
    new PacketFixture().write({ seq, ...fields }, { stamp: stampOf(seq), id });

  function publish(seq: number, fields: Partial<Delivery> = {}): void {
    fixture.write({ seq, ...fields }, { stamp: stampOf(seq) });
    echoes.expect(seq, fixture.packet);
  }

  it('is known by the bytes of our publish, once', () => {
    publish(1);
    publish(2);
    expect(echoes.match(delivered(packetOf(1)))).to.equal(1);
    expect(echoes.match(delivered(packetOf(1))), 'once more').to.equal(0);
    expect(echoes.match(delivered(packetOf(2)))).to.equal(2);
    expect(echoes.match(delivered(packetOf(2))), 'nothing is expected').to.equal(0);
  });

  it('is no message with a copied stamp and another topic, payload or expiry', () => {
    publish(1);
    expect(echoes.match(delivered(packetOf(1, { payload: Buffer.from('ON') })))).to.equal(0);
    expect(echoes.match(delivered(packetOf(1, { payload: Buffer.from('toggle') })))).to.equal(0);
    expect(echoes.match(delivered(packetOf(1, { topic: 'lamps/2/set' })))).to.equal(0);
    expect(echoes.match(delivered(packetOf(2)))).to.equal(0);
    const expiring = new PacketFixture().write({ seq: 1 }, { stamp: stampOf(1), expiry: 60 });
    expect(echoes.match(delivered(expiring))).to.equal(0);
    expect(echoes.match(delivered(packetOf(1))), 'the echo').to.equal(1);
  });

  it('is left to its stamp once the echo of a later event has come', () => {
    for (const seq of [1, 2, 3, 4]) publish(seq);
    expect(echoes.match(delivered(packetOf(3))), 'not the first one').to.equal(0);
    echoes.came(3);
    expect(echoes.match(delivered(packetOf(2)))).to.equal(0);
    expect(echoes.match(delivered(packetOf(4)))).to.equal(4);
  });

  it('is left to its stamp beyond a number of publishes, and beyond a number of bytes', () => {
    for (let seq = 1; seq <= 2_049; seq++) publish(seq);
    expect(echoes.match(delivered(packetOf(1)))).to.equal(0);
    expect(echoes.match(delivered(packetOf(2)))).to.equal(2);
    const large = { payload: Buffer.alloc(8_000) };
    for (let seq = 3_000; seq < 3_200; seq++) publish(seq, large);
    expect(echoes.match(delivered(packetOf(3)))).to.equal(0);
    expect(echoes.match(delivered(packetOf(3_100, large))), 'not the first one').to.equal(0);
    echoes.came(3_099);
    expect(echoes.match(delivered(packetOf(3_100, large)))).to.equal(3_100);
  });

  it('is not known by a message that has no bytes of its own, as one of QoS 2', () => {
    publish(1);
    const { topic, payload, properties } = delivered(packetOf(1));
    expect(echoes.match({ topic, payload, qos: 2, retain: false, properties })).to.equal(0);
  });
});
