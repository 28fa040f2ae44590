/** The log of the whole process, in the main thread; actors report to it over their ports. */

import winston from 'winston';
import type { LogConfig } from '../config/config.ts';
import { printable } from '../core/printable.ts';

const { combine, printf, json } = winston.format;

/** Actors say when they said it: the main thread may be late to hear of it. */
const dated = winston.format(({ at, ...entry }) => {
  const time = typeof at === 'number' ? new Date(at) : new Date();
  return { ...entry, timestamp: time.toISOString() };
});

/** Characters of a message; a stack is longer than all else that is said. */
const LONGEST_MESSAGE = 4_000;

/**
 * Much of what is said comes from the network: topics, what brokers answer, what a library says of it. Who says it bounds it;
 * here it is made sure that no message breaks the line, or has a terminal obey.
 */
const onOneLine = winston.format(entry => ({
  ...entry,
  message: printable(String(entry.message), LONGEST_MESSAGE),
}));

/** Text is made for people and journald, JSON for collectors. All goes to standard error. */
export function createLogger({ level, format }: LogConfig): winston.Logger {
  const text = printf(entry => `${entry['timestamp']} ${entry.level.padEnd(5)} ${entry.message}`);
  return winston.createLogger({
    level,
    format: combine(onOneLine(), dated(), format === 'json' ? json() : text),
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}
