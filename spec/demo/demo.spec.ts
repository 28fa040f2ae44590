/** `mqttrep demo` as a user runs it, with its output in a pipe. */

import { expect } from 'chai';
import { startMqttrep } from '../support/mqttrep-process.ts';

describe('mqttrep demo', function () {
  this.timeout(60_000);

  it('shows writes, a cut and a healed link, and ends by itself with equal brokers', async () => {
    const running = startMqttrep({}, ['demo', '--seconds', '8']);
    expect(await running.exit, running.stdout + running.stderr).to.deep.equal({ code: 0, signal: null });
    const { stdout } = running;

    const arrivedAtBoth = stdout.match(/ (wrote|deleted) \S+.*: [A-Z]+ after \d+ ms, [A-Z]+ after \d+ ms$/gm);
    expect(arrivedAtBoth).to.have.length.of.at.least(6);
    expect(stdout)
      .to.match(/The link to QUEBEC is cut\./)
      .and.match(
        /OSLO deleted \S+: PARIS after \d+ ms, QUEBEC is cut off: it will receive this when the link is healed/,
      )
      .and.match(
        /QUEBEC wrote \S+ = .*: QUEBEC is cut off: OSLO and PARIS will receive this when the link is healed/,
      )
      .and.match(/The link to QUEBEC is healed\./)
      .and.match(/All three brokers are equal again, \d+ ms after the link was healed\./)
      .and.match(/received: canards\/oslo\/ducks = \d+\n/)
      .and.match(/sent: canards\/quebec\/pond = \S+ °C\n/)
      .and.match(/conflict: canards\/menu: PARIS wrote \S+, QUEBEC wrote \S+; all brokers retain \S+ now\n/)
      .and.match(/deleted: canards\/oslo\/visitor is deleted at QUEBEC too\n/)
      .and.match(
        /commands: canards\/quebec\/gate: feed, close, open; QUEBEC received each of them once, in order\n/,
      )
      .and.match(/The brokers are equal: all three retain the same 7 topics\.\n$/);
    expect(stdout).not.to.contain('\x1b');
    expect(running.stderr).to.equal('');
  });

  it('runs until a signal stops it, and compares the brokers then', async () => {
    const running = startMqttrep({}, ['demo']);
    await running.line('OSLO wrote', 40_000);
    expect(await running.stop('SIGINT'), running.stdout).to.deep.equal({ code: 0, signal: null });
    expect(running.stdout).to.contain('The brokers are equal');
  });
});
