/** The watchdog of the service manager is fed as long as every actor answers, and not longer. */

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Notifications } from '../../lib/cli/notifications.ts';
import { eventually } from '../support/eventually.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('The watchdog', () => {
  let folder: string;
  const path = process.env.PATH;

  /** Another `systemd-notify`, which writes down what it is to tell. */
  beforeEach(() => {
    folder = tempFolder('notify');
    const program = join(folder, 'systemd-notify');
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${join(folder, 'told')}\n`);
    chmodSync(program, 0o755);
    process.env.PATH = `${folder}:${path}`;
  });

  afterEach(() => {
    process.env.PATH = path ?? '';
  });

  const told = () => {
    const file = join(folder, 'told');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };

  it('is not fed while an actor does not answer', async () => {
    let isAlive = false;
    let asked = 0;
    const log: string[] = [];
    const notifications = new Notifications({
      manager: { watchdog: 60 },
      isAlive: async () => {
        asked++;
        return isAlive;
      },
      log: (level, message) => log.push(`${level} ${message}`),
    });
    notifications.ready();
    await eventually(() => expect(asked).to.be.greaterThan(5));
    expect(told()).to.not.include('WATCHDOG=1');
    expect(log.join()).to.contain('warn an actor does not answer');
    isAlive = true;
    await eventually(() => expect(told()).to.include('WATCHDOG=1'));
    notifications.stopping();
    await notifications.close();
    expect(told().at(-1)).to.equal('STOPPING=1');
  });
});
