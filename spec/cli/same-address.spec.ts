/** `mqttrep check` looks where the urls lead. */

import { expect } from 'chai';
import { command } from './command.ts';

async function warningsFor(oslo: string, paris: string): Promise<string[]> {
  const environment = { MQTTREP_CLIENT_OSLO: oslo, MQTTREP_CLIENT_PARIS: paris, MQTTREP_TOPIC_all: '#' };
  const { stdout } = await command(['check', '--json'], environment);
  const { warnings } = JSON.parse(stdout) as { warnings: { variable: string; problem: string }[] };
  return warnings
    .filter(({ problem }) => problem.includes('address'))
    .map(({ variable, problem }) => `${variable}: ${problem}`);
}

describe('mqttrep check warns of two names that lead to one broker', function () {
  this.timeout(30_000);

  for (const [oslo, paris] of [
    ['mqtt://localhost:1883', 'mqtt://127.0.0.1'],
    ['mqtt://127.0.0.1:9001', 'ws://localhost:9001'],
  ] as const) {
    it(`where they are ${oslo} and ${paris}`, async () => {
      const [warning] = await warningsFor(oslo, paris);
      expect(warning).to.match(/^MQTTREP_CLIENT_PARIS: it leads to the address of OSLO,/);
    });
  }

  for (const [oslo, paris] of [
    ['mqtt://localhost:1883', 'mqtt://127.0.0.1:1884'],
    ['mqtt://localhost', 'mqtt://no-such-host.invalid'],
  ] as const) {
    it(`but not where they are ${oslo} and ${paris}`, async () => {
      expect(await warningsFor(oslo, paris)).to.deep.equal([]);
    });
  }
});
