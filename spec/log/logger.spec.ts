/** The lines of the log, as text and as JSON. */

import { expect } from 'chai';
import type { LogConfig } from '../../lib/config/config.ts';
import { createLogger } from '../../lib/log/logger.ts';

const AT = Date.UTC(2026, 0, 1);

/** Under which winston keeps what it writes. */
const LINE = Symbol.for('message');

describe('a line of the log', () => {
  for (const [format, expected] of [
    ['text', '2026-01-01T00:00:00.000Z warn  OSLO: connection lost'],
    ['json', '{"level":"warn","message":"OSLO: connection lost","timestamp":"2026-01-01T00:00:00.000Z"}'],
  ] as const) {
    it(`bears the time at which an actor said it, however late the main thread hears of it (${format})`, () => {
      expect(lineOf(format, AT)).to.equal(expected);
    });
  }

  it('bears the time of now, where the main thread says it', () => {
    const before = Date.now();
    const [time = ''] = lineOf('text', undefined).split(' ');
    expect(Date.parse(time)).to.be.within(before, Date.now());
  });
});

describe('what the network says', () => {
  const evil = `OSLO: no\u009b31m\n2026 error PARIS: \u202Eowned\u2028 ${'x'.repeat(10_000)}`;

  for (const format of ['text', 'json'] as const) {
    it(`stays on its line, is not too long, and has no terminal obey (${format})`, () => {
      const line = lineOf(format, AT, evil);
      expect(line).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
      expect(line.length).to.be.below(5_000);
      expect(line).to.contain('owned');
    });
  }
});

function lineOf(
  format: LogConfig['format'],
  at: number | undefined,
  message = 'OSLO: connection lost',
): string {
  const logger = createLogger({ level: 'info', format });
  const info = { level: 'warn', message, at };
  return String((logger.format.transform(info) as Record<symbol, unknown>)[LINE]);
}
