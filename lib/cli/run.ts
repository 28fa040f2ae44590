/** `mqttrep run`: replicate until told to stop. */

import type { Config } from '../config/config.ts';
import { createLogger } from '../log/logger.ts';
import { Replicator, STOP_LIMIT } from '../supervisor/replicator.ts';
import { EXIT } from './exit-codes.ts';
import { describe, loadConfig, printProblems } from './load-config.ts';
import { openStatusServer } from './open-status-server.ts';

/** PM2 and systemd are told that we are ready when each broker has answered, or after so many milliseconds. */
const READY_LIMIT = 5_000;

export async function run(envFile: string | undefined): Promise<number> {
  const loaded = loadConfig(envFile);
  const { config } = loaded;
  if (config === undefined) {
    printProblems(loaded);
    return EXIT.config;
  }
  const logger = createLogger(config.log);
  for (const warning of loaded.warnings) logger.warn(describe(warning));
  logger.info(summary(config));

  const replicator = new Replicator(config, (level, message) => logger.log(level, message));
  const closeServer = await openStatusServer(config, replicator, (level, message) =>
    logger.log(level, message),
  );
  const stop = stopOnSignals(replicator, message => logger.info(message));
  if (closeServer === 'failed') void replicator.stop();
  else replicator.start();
  void replicator.answered(READY_LIMIT).then(() => process.send?.('ready'));

  const failure = await replicator.ended;
  stop.forget();
  if (closeServer !== 'failed') await closeServer();
  if (failure === undefined && closeServer !== 'failed') logger.info('stopped');
  await new Promise<void>(resolve => {
    logger.once('finish', resolve);
    logger.end();
  });
  return failure === undefined && closeServer !== 'failed' ? EXIT.ok : EXIT.failure;
}

function summary({ brokers, topics, mergeFrequency }: Config): string {
  const names = brokers.map(({ name }) => name).join(', ');
  const filters = topics.map(({ filter }) => filter).join(', ');
  return `replicating ${filters} between ${names} at ${mergeFrequency} Hz`;
}

/** The first signal drains and stops; a second one, or STOP_LIMIT, ends the process at once. */
function stopOnSignals(replicator: Replicator, log: (message: string) => void): { forget: () => void } {
  let limit: NodeJS.Timeout | undefined;
  const receive = (signal: NodeJS.Signals | 'shutdown') => {
    if (limit !== undefined) process.exit(EXIT.failure);
    log(`${signal}: stopping`);
    limit = setTimeout(() => process.exit(EXIT.failure), STOP_LIMIT);
    void replicator.stop();
  };
  const onSignal = (signal: NodeJS.Signals) => receive(signal);
  // PM2 says so where there are no signals.
  const onMessage = (message: unknown) => {
    if (message === 'shutdown') receive('shutdown');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('message', onMessage);
  return {
    forget: () => {
      clearTimeout(limit);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('message', onMessage);
    },
  };
}
