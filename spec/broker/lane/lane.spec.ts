/** What the lane of a connection guarantees: acknowledgements, the order of what is handed on, and its end. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { packetOf, publishBytes, short } from '../../support/publish-bytes.ts';
import { openConnection } from '../open-connection.ts';
import { NO_PROPERTIES, ScriptedBroker } from './scripted-broker.ts';

describe('Lane', () => {
  let broker: ScriptedBroker;

  beforeEach(async () => {
    broker = await ScriptedBroker.start();
  });

  afterEach(() => broker.close());

  it('acknowledges each message when its handler is done with it, in one write for a chunk', async () => {
    let reads = 0;
    broker.socket.on('data', () => reads++);
    broker.connection.receive((_message, done) => done());
    broker.publish(5, 3, 9);
    await eventually(() => expect(broker.acknowledged).to.deep.equal([5, 3, 9]));
    expect(reads).to.equal(1);
  });

  it('reads on while acknowledgements are held, and sends them by ordinal', async () => {
    const ordinals: (number | undefined)[] = [];
    broker.connection.holdAcknowledgements();
    broker.connection.receive(({ ordinal }, done) => {
      ordinals.push(ordinal);
      done();
    });
    broker.publish(5, 3, 9);
    broker.socket.write(publishBytes({ topic: 'qos 0', properties: NO_PROPERTIES }));
    broker.publish(7);
    await eventually(() => expect(ordinals).to.deep.equal([1, 2, 3, 0, 4]));
    expect(broker.acknowledged).to.deep.equal([]);
    broker.connection.acknowledgedThrough(2);
    await eventually(() => expect(broker.acknowledged).to.deep.equal([5, 3]));
    // Again, and out of order: each is sent once.
    broker.connection.acknowledgedThrough(1);
    broker.connection.acknowledgedThrough(2);
    broker.connection.acknowledgedThrough(100);
    await eventually(() => expect(broker.acknowledged).to.deep.equal([5, 3, 9, 7]));
  });

  it('holds as many acknowledgements as the broker sends messages', async () => {
    let last = 0;
    broker.connection.holdAcknowledgements();
    broker.connection.receive(({ ordinal = 0 }, done) => {
      last = ordinal;
      done();
    });
    const ids = Array.from({ length: 5_000 }, (_, index) => index + 1);
    broker.publish(...ids);
    await eventually(() => expect(last).to.equal(5_000));
    broker.connection.acknowledgedThrough(4_999);
    await eventually(() => expect(broker.acknowledged).to.deep.equal(ids.slice(0, -1)));
  });

  it('ends the connection if the broker sends more messages than there are packet identifiers', async () => {
    broker.connection.holdAcknowledgements();
    broker.connection.receive((_message, done) => done());
    const ids = Array.from({ length: 65_536 }, (_, index) => (index % 65_535) + 1);
    broker.publish(...ids);
    expect(await broker.connection.closed).to.contain('than there are packet identifiers');
  });

  it('hands on the next message when the handler is done with the last, and keeps their order', async () => {
    const topics: string[] = [];
    const dones: (() => void)[] = [];
    broker.connection.receive(({ topic }, done) => {
      topics.push(topic);
      dones.push(done);
    });
    broker.publish(1, 2);
    broker.publish(3);
    await eventually(() => expect(topics).to.deep.equal(['t/1']));
    await wait(20);
    expect(broker.acknowledged).to.deep.equal([]);
    for (let count = 1; count <= 3; count++) {
      await eventually(() => expect(topics).to.have.lengthOf(count));
      dones[count - 1]?.();
    }
    await eventually(() => expect(broker.acknowledged).to.deep.equal([1, 2, 3]));
    expect(topics).to.deep.equal(['t/1', 't/2', 't/3']);
  });

  it('keeps a message that arrives before there is a handler', async () => {
    broker.publish(1, 2);
    broker.socket.write(publishBytes({ topic: 'last', payload: 'value', properties: NO_PROPERTIES }));
    await wait(20);
    const messages: string[] = [];
    broker.connection.receive(({ topic, payload }, done) => {
      messages.push(`${topic} ${payload}`);
      done();
    });
    await eventually(() =>
      expect(messages).to.deep.equal(['t/1 x', 't/2 x', 'last x'.replace('x', 'value')]),
    );
  });

  it('is writing while the network takes no more, and not while it gathers what is written in a turn', async () => {
    const { connection, socket } = broker;
    // As a ping does, in the turn in which something else asks.
    connection.publish('t', Buffer.from('x'), { qos: 1 }, () => undefined);
    expect(connection.isWriting).to.equal(false);
    socket.pause();
    connection.publish('t', Buffer.alloc(12 * 1024 * 1024), { qos: 1 }, () => undefined);
    await eventually(() => expect(connection.isWriting).to.equal(true));
    socket.resume();
    await eventually(() => expect(connection.isWriting).to.equal(false));
  });

  it('tells a publish from its PUBACK, and its refusal by the reason code', async () => {
    const errors: (Error | undefined)[] = [];
    for (const topic of ['a', 'b', 'c'])
      broker.connection.publish(topic, Buffer.from('x'), { qos: 1 }, error => errors.push(error));
    await eventually(() => expect(broker.published).to.have.lengthOf(3));
    const [first = 0, second = 0, third = 0] = broker.published;
    broker.socket.write(packetOf(0x40, Buffer.concat([short(first), Buffer.from([0x87])])));
    broker.socket.write(packetOf(0x40, Buffer.concat([short(second), Buffer.from([0x10, 0])])));
    broker.socket.write(packetOf(0x40, short(third)));
    await eventually(() => expect(errors).to.have.lengthOf(3));
    expect((errors[0] as { code?: number } | undefined)?.code).to.equal(0x87);
    expect(errors.slice(1)).to.deep.equal([undefined, undefined]);
  });

  it('keeps the order of publishes of all QoS, and of what MQTT.js sends between them', async () => {
    const ignore = () => undefined;
    broker.connection.publish('a', Buffer.from('x'), { qos: 0 }, ignore);
    broker.connection.publish('b', Buffer.from('x'), { qos: 2 }, ignore);
    broker.connection.publish('c', Buffer.from('x'), { qos: 1 }, ignore);
    void broker.connection.unsubscribe(['u']);
    broker.connection.publish('d', Buffer.alloc(20_000), { qos: 1 }, ignore);
    await eventually(() => expect(broker.sent).to.have.lengthOf(5));
    expect(broker.sent.map(packet => packet.readUInt8(0))).to.deep.equal([0x30, 0x34, 0x32, 0xa2, 0x32]);
  });

  it('keeps its packet identifiers apart from those of MQTT.js', async () => {
    broker.connection.publish('a', Buffer.from('x'), { qos: 1 }, () => undefined);
    broker.connection.publish('b', Buffer.from('x'), { qos: 2 }, () => undefined);
    await eventually(() => expect(broker.published).to.have.lengthOf(2));
    expect(broker.published[0]).to.be.at.least(0x4000);
    expect(broker.published[1]).to.be.below(0x4000);
  });

  it('fails the publishes that are not answered when the connection ends, in their order', async () => {
    const failed: string[] = [];
    for (const topic of ['a', 'b'])
      broker.connection.publish(topic, Buffer.from('x'), { qos: 1 }, error => {
        if (error !== undefined && broker.connection.hasEnded) failed.push(topic);
      });
    await eventually(() => expect(broker.published).to.have.lengthOf(2));
    broker.socket.destroy();
    await broker.connection.closed;
    await eventually(() => expect(failed).to.deep.equal(['a', 'b']));
    expect(broker.connection.wasHungUp).to.equal(true);
  });

  it('waits for the acknowledgements of its publishes before DISCONNECT', async () => {
    const errors: (Error | undefined)[] = [];
    broker.connection.publish('a', Buffer.from('x'), { qos: 1 }, error => errors.push(error));
    const ended = broker.connection.end();
    await eventually(() => expect(broker.published).to.have.lengthOf(1));
    expect(broker.sent).to.have.lengthOf(1);
    broker.socket.write(packetOf(0x40, short(broker.published[0] ?? 0)));
    await eventually(() => expect(broker.sent.at(-1)?.readUInt8(0)).to.equal(0xe0));
    broker.socket.end();
    await ended;
    expect(errors).to.deep.equal([undefined]);
  });

  it('hands on what the broker sent before it closed the connection', async () => {
    const topics: string[] = [];
    let release: () => void = () => undefined;
    broker.connection.receive(({ topic }, done) => {
      if (topics.push(topic) === 1) release = done;
      else done();
    });
    broker.publish(1, 2, 3);
    broker.socket.end();
    await eventually(() => expect(topics).to.have.lengthOf(1));
    await wait(20);
    release();
    await broker.connection.closed;
    expect(topics).to.deep.equal(['t/1', 't/2', 't/3']);
  });

  it('ends at a PUBLISH before CONNACK', async () => {
    const server = createServer(socket => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.write(publishBytes({ topic: 't', properties: NO_PROPERTIES })));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const failure = await openConnection(`mqtt://127.0.0.1:${port}`, 5).catch((error: Error) => error);
    expect((failure as Error).message).to.contain('a PUBLISH before CONNACK');
    server.close();
  });
});
