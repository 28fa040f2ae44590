/** The lines of the log, as text and as JSON. */

import { expect } from 'chai';
import type { LogConfig } from '../../lib/config/config.ts';
import { createLogger } from '../../lib/log/logger.ts';

const AT = Date.UTC(2026, 0, 1);

/** The key under which winston keeps the line. */
const LINE = Symbol.for('message');

describe('a line of the log', () => {
  for (const [format, expected] of [
    ['text', '2026-01-01T00:00:00.000Z warn  OSLO: connection lost'],
    [
      'json',
      '{"broker":"OSLO","event":"message","level":"warn","message":"OSLO: connection lost","timestamp":"2026-01-01T00:00:00.000Z"}',
    ],
  ] as const) {
    it(`has the time at which an actor sent it, even if the main thread receives it late (${format})`, () => {
      expect(lineOf(format, AT)).to.equal(expected);
    });
  }

  it('has the current time if the main thread itself logs it', () => {
    const before = Date.now();
    const [time = ''] = lineOf('text', undefined).split(' ');
    expect(Date.parse(time)).to.be.within(before, Date.now());
  });
});

describe('a message from the network', () => {
  const evil = `OSLO: no\u009b31m\n2026 error PARIS: \u202Eowned\u2028 ${'x'.repeat(10_000)}`;

  for (const format of ['text', 'json'] as const) {
    it(`stays on one line, is not too long, and has no control characters for a terminal (${format})`, () => {
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
  const logger = createLogger({ level: 'info', format }, name => name === 'OSLO');
  const info = { level: 'warn', message, at };
  return String((logger.format.transform(info) as Record<symbol, unknown>)[LINE]);
}
