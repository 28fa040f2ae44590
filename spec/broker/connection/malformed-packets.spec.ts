/**
 * A broker that sends an invalid packet ends the connection, and nothing else: there is no uncaught exception, and no later bytes
 * are read as a message.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { Presence } from '../../../lib/broker/presence.ts';
import { ControlTopics } from '../../../lib/protocol/control-topics.ts';
import { packetOf, publishBytes, short, text } from '../../support/publish-bytes.ts';
import { openConnection } from '../open-connection.ts';

/** A broker that accepts the connection, and sends the bytes of the spec. */
async function raw(protocolVersion: 4 | 5, sends: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => {
      socket.write(packetOf(0x20, Buffer.from(protocolVersion === 5 ? [0, 0, 0] : [0, 0])));
      socket.once('data', () => sends(socket));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = await openConnection(url, protocolVersion);
  const topics: string[] = [];
  connection.receive(({ topic }, done) => {
    topics.push(topic);
    done();
  });
  return {
    connection,
    topics,
    close: async () => {
      connection.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends the broker something, so that it sends its bytes. */
function speak(connection: Connection): void {
  connection.publish('t', Buffer.alloc(0), { qos: 0 }, () => undefined);
}

/** Receives messages, and holds the first one until it is released. */
function holding(connection: Connection): { readonly topics: string[]; readonly release: () => void } {
  const topics: string[] = [];
  let release: () => void = () => undefined;
  connection.receive(({ topic }, done) => {
    if (topics.push(topic) > 1) done();
    else release = done;
  });
  return { topics, release: () => release() };
}

const honest = (topic: string, protocolVersion: 4 | 5) =>
  publishBytes({ topic, properties: protocolVersion === 5 ? Buffer.alloc(0) : undefined });

const BROKEN: readonly (readonly [what: string, packet: Buffer])[] = [
  ['a PUBREL without an identifier', packetOf(0x62, Buffer.alloc(0))],
  ['a PUBREC with half of one', packetOf(0x50, Buffer.alloc(1))],
  ['a PUBACK without one', packetOf(0x40, Buffer.alloc(0))],
  ['a PUBLISH of QoS 1 without one', packetOf(0x32, text('abc'))],
  ['a PUBLISH of QoS 2 with half of one', packetOf(0x34, Buffer.concat([text('abc'), Buffer.alloc(1)]))],
  ['a PUBLISH with a topic that is longer than itself', packetOf(0x30, Buffer.from([0xff, 0xff, 0x61]))],
  ['an empty PUBLISH', packetOf(0x30, Buffer.alloc(0))],
  ['a type that MQTT reserves', packetOf(0x00, short(1))],
];

for (const protocolVersion of [4, 5] as const) {
  describe(`Connection of MQTT ${protocolVersion === 5 ? '5' : '3.1.1'} at a broker that breaks the protocol`, () => {
    for (const [what, packet] of BROKEN) {
      it(`ends at ${what}`, async () => {
        const { connection, topics, close } = await raw(protocolVersion, socket => {
          socket.write(honest('before', protocolVersion));
          socket.write(packet);
          for (let n = 0; n < 50; n++) socket.write(honest('behind', protocolVersion));
        });
        speak(connection);
        expect(await connection.closed).to.contain('broke the protocol');
        // Bytes that were read already would be handed on in the next turns.
        for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
        expect(topics).not.to.include('behind');
        expect(connection.hasProtocolError).to.equal(true);
        await close();
      });
    }

    it('hands on no later message, even if an earlier one was held meanwhile', async () => {
      const { connection, close } = await raw(protocolVersion, async socket => {
        for (const packet of [
          honest('held', protocolVersion),
          packetOf(0, short(1)),
          honest('behind', protocolVersion),
        ]) {
          socket.write(packet);
          await wait(50);
        }
      });
      const { topics, release } = holding(connection);
      speak(connection);
      await wait(300);
      release();
      expect(await connection.closed).to.contain('broke the protocol');
      await wait(50);
      expect(topics).to.deep.equal(['held']);
      await close();
    });

    it('ends without an error while a message is held, with others of QoS 2 after it', async () => {
      const { connection, close } = await raw(protocolVersion, socket => {
        const properties = protocolVersion === 5 ? Buffer.alloc(0) : undefined;
        const behind = publishBytes({ topic: 't', qos: 2, id: 7, properties });
        socket.end(Buffer.concat([honest('held', protocolVersion), behind]));
      });
      const { topics, release } = holding(connection);
      speak(connection);
      await connection.closed;
      await wait(50);
      expect(topics).to.deep.equal(['held']);
      release();
      await wait(50);
      await close();
    });
  });
}

describe('A PUBLISH whose properties are longer than the packet', () => {
  it('ends the connection, and nothing of the next packet is read', async () => {
    const cut = packetOf(0x30, Buffer.concat([text('cut'), Buffer.from([20, 0x03, 0, 1, 0x61])]));
    const { connection, topics, close } = await raw(5, socket => {
      socket.write(Buffer.concat([cut, honest('behind', 5)]));
    });
    speak(connection);
    expect(await connection.closed).to.contain('broke the protocol');
    expect(topics).to.deep.equal([]);
    await close();
  });
});

describe('The announcement of presence', () => {
  it('ends without an error if the connection ends before the broker answers', async () => {
    const { connection, close } = await raw(5, socket => socket.destroy());
    const presence = new Presence(new ControlTopics('mqttrep', 'us', 'OSLO'), '1-1', {
      another: () => undefined,
      sameBroker: () => undefined,
      copyOfStore: () => undefined,
    });
    await presence.announce(connection);
    expect(connection.hasEnded).to.equal(true);
    await close();
  });
});
