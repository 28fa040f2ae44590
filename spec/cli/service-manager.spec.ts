/** What a service manager is told, as systemd hears it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { NotifySocket, requireNotify } from '../support/notify-socket.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { aedes, patience } from './replication-fixture.ts';

describe('mqttrep, run by a service manager,', function () {
  this.timeout(4 * patience);

  let brokers: Record<'OSLO' | 'PARIS', TestBroker>;
  let socket: NotifySocket;
  let mqttrep: MqttrepProcess;
  let file: string;

  before(function () {
    requireNotify(this);
  });

  beforeEach(async () => {
    file = join(tempFolder('env'), 'mqttrep.env');
    brokers = await aedes(['OSLO', 'PARIS']);
    socket = await NotifySocket.open();
  });

  afterEach(async () => {
    await mqttrep?.stop();
    await socket?.close();
    await Promise.all(Object.values(brokers).map(broker => broker.stop()));
  });

  function start(more: Readonly<Record<string, string>> = {}): void {
    const lines = [
      `MQTTREP_CLIENT_OSLO=${brokers.OSLO.url}`,
      `MQTTREP_CLIENT_PARIS=${brokers.PARIS.url}`,
      "MQTTREP_TOPIC_all='#'",
    ];
    writeFileSync(file, lines.join('\n'));
    mqttrep = startMqttrep({ NOTIFY_SOCKET: socket.path, ...more }, ['run', '--env-file', file]);
  }

  it('is ready once every broker has answered, then reloads, then stops', async () => {
    start();
    await socket.heard('READY=1');
    expect(mqttrep.stderr).to.contain('OSLO: connected').and.contain('PARIS: connected');
    mqttrep.kill('SIGHUP');
    await socket.heard('READY=1', 2);
    expect(await mqttrep.stop()).to.deep.equal({ code: 0, signal: null });
    await socket.heard('STOPPING=1');
    const [, ready, reloading, ...rest] = socket.messages;
    expect(ready).to.equal('READY=1');
    expect(reloading).to.match(/^RELOADING=1 MONOTONIC_USEC=\d+$/);
    expect(rest).to.deep.equal(['READY=1', 'STOPPING=1']);
  });

  it('ends a reload that was refused, too', async () => {
    start();
    await socket.heard('READY=1');
    writeFileSync(file, 'MQTTREP_QOS_all=3');
    mqttrep.kill('SIGHUP');
    await socket.heard('READY=1', 2);
    expect(mqttrep.stderr).to.contain('mqttrep keeps the old one');
  });

  it('feeds the watchdog', async () => {
    start({ WATCHDOG_USEC: '900000' });
    await socket.heard('WATCHDOG=1', 3);
  });

  it('does not feed a watchdog that is meant for another process', async () => {
    start({ WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' });
    await socket.heard('READY=1');
    await mqttrep.stop();
    expect(socket.messages.filter(message => message.includes('WATCHDOG'))).to.deep.equal([]);
  });

  it('says once that it cannot tell, where systemd-notify is missing, and goes on', async () => {
    start({ PATH: '/nonexistent', WATCHDOG_USEC: '300000' });
    await mqttrep.line(
      'cannot send the state to the service manager: systemd-notify is not installed',
      patience,
    );
    expect(await mqttrep.stop()).to.deep.equal({ code: 0, signal: null });
    expect(mqttrep.stderr.match(/cannot send the state/g)).to.have.length(1);
  });
});
