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

function lineOf(format: LogConfig['format'], at: number | undefined): string {
  const logger = createLogger({ level: 'info', format });
  const info = { level: 'warn', message: 'OSLO: connection lost', at };
  return String((logger.format.transform(info) as Record<symbol, unknown>)[LINE]);
}
