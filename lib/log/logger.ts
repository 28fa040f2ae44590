/** The log of the whole process, in the main thread; actors report to it over their ports. */

import winston from 'winston';
import type { LogConfig } from '../config/config.ts';

const { combine, timestamp, printf, json } = winston.format;

/** Text is made for people and journald, JSON for collectors. All goes to standard error. */
export function createLogger({ level, format }: LogConfig): winston.Logger {
  const text = printf(entry => `${entry['timestamp']} ${entry.level.padEnd(5)} ${entry.message}`);
  return winston.createLogger({
    level,
    format: combine(timestamp(), format === 'json' ? json() : text),
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}
