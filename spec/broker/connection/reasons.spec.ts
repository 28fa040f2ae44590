/** Why a connection ended, or never came about, in words. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { IDisconnectPacket } from 'mqtt';
import { describeDisconnect } from '../../../lib/broker/network/describe-error.ts';
import { failureOf } from '../../support/failure-of.ts';
import { openConnection } from '../open-connection.ts';

describe('describeDisconnect', () => {
  const table: readonly (readonly [packet: Partial<IDisconnectPacket>, words: string])[] = [
    [{}, 'the broker disconnected (reason code 0x00)'],
    [{ reasonCode: 0x8b }, 'the broker disconnected (Server shutting down, reason code 0x8b)'],
    [
      { reasonCode: 0x8e },
      'the broker disconnected (Session taken over, reason code 0x8e; another client has connected with the same client id: give each client its own)',
    ],
    [
      { reasonCode: 0x98, properties: { reasonString: 'kicked\n by "ops"' } },
      'the broker disconnected (Administrative action, reason code 0x98; "kicked by \\"ops\\"")',
    ],
    [{ reasonCode: 0xcb }, 'the broker disconnected (reason code 0xcb)'],
  ];
  for (const [packet, words] of table) {
    it(`returns «${words}»`, () => {
      expect(describeDisconnect({ cmd: 'disconnect', ...packet } as IDisconnectPacket)).to.equal(words);
    });
  }
});

describe('A refused websocket', () => {
  for (const protocolVersion of [4, 5] as const) {
    it(`is reported with its HTTP status, over version ${protocolVersion}`, async () => {
      const server = createServer();
      server.on('upgrade', (_request, socket) => {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const failure = await failureOf(openConnection(`ws://127.0.0.1:${port}/mqtt`, protocolVersion));
      expect(failure.message).to.include('refused with HTTP status 403').and.include('path of the URL');
      server.close();
    });
  }
});
