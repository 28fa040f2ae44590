/** Node.js has a debugger, which whoever reaches its port may make run any code. mqttrep never opens it. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { aedes } from './replication-fixture.ts';

/** In /proc/net/tcp, of a socket that listens. */
const LISTENING = '0A';

/** The TCP ports at which a process listens. Linux. */
function listeningPorts(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  const own = new Set(readdirSync(folder).map(fd => targetOf(`${folder}/${fd}`)));
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => readFileSync(file, 'utf8').split('\n'));
  return sockets.flatMap(line => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/ +/);
    return state === LISTENING && own.has(`socket:[${inode}]`)
      ? [parseInt(local.split(':')[1] ?? '', 16)]
      : [];
  });
}

/** A file may be closed while we look. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

describe('the debugger of Node.js', function () {
  this.timeout(60_000);

  const fixtures = fixtureHooks({ requiresMosquitto: false });

  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  it('is not opened by SIGUSR1, and replication goes on', async () => {
    const fixture = await fixtures.start({ brokers: await aedes(['OSLO', 'PARIS']) });
    for (let time = 0; time < 3; time++) fixture.mqttrep.kill('SIGUSR1');
    // A write that goes through all threads, after the signals.
    await fixture.publish('OSLO', 'after', 'the signal', { retain: true });
    await fixture.retainedEverywhere('after', 'the signal');
    expect(fixture.mqttrep.stderr).not.to.contain('Debugger listening');
    expect(listeningPorts(fixture.mqttrep.pid)).to.deep.equal([]);
  });

  it('is not opened by SIGUSR1 in another command', async () => {
    const running = startMqttrep({}, ['demo']);
    const page = await running.line(/http:/);
    running.kill('SIGUSR1');
    // The page's port shows that listening ports are found.
    const port = Number(/http:\/\/[^/]+:(\d+)/.exec(page)?.[1]);
    const ports = listeningPorts(running.pid);
    const { code } = await running.stop('SIGINT');
    expect({ code, stderr: running.stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(ports).to.include(port).and.not.include(9229);
  });
});
