/** The log of the whole process, in the main thread; actors report to it over their ports. */

import winston from 'winston';
import type { LogConfig } from '../config/config.ts';
import { printable } from '../core/printable.ts';
import { fieldsOf } from './log-fields.ts';

const { combine, printf, json } = winston.format;

/** Actors send the time of a message along: the main thread may receive it late. */
const dated = winston.format(({ at, ...entry }) => {
  const time = typeof at === 'number' ? new Date(at) : new Date();
  return { ...entry, timestamp: time.toISOString() };
});

/** A stack trace is the longest message. */
const MAX_MESSAGE_CHARACTERS = 4_000;

/**
 * Many messages have text from the network: topics, answers of brokers, errors of libraries. The code that logs it limits
 * its length. Here mqttrep ensures that no message has a line break or a control character for a terminal.
 */
const onOneLine = winston.format(entry => ({
  ...entry,
  message: printable(String(entry.message), MAX_MESSAGE_CHARACTERS),
}));

/** For log collectors: what the line is about. */
const withFields = winston.format((entry, options) => ({
  ...entry,
  ...fieldsOf(String(entry.message), (options as { readonly isBroker: IsBroker }).isBroker),
}));

type IsBroker = (name: string) => boolean;

/** Text is for people and journald, JSON for log collectors. Everything goes to standard error. */
export function createLogger({ level, format }: LogConfig, isBroker: IsBroker = () => false): winston.Logger {
  const text = printf(entry => `${entry['timestamp']} ${entry.level.padEnd(5)} ${entry.message}`);
  return winston.createLogger({
    level,
    format:
      format === 'json'
        ? combine(withFields({ isBroker }), onOneLine(), dated(), json())
        : combine(onOneLine(), dated(), text),
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}
