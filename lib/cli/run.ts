/** `mqttrep run`: replicates until a signal stops it. */

import type { Config } from '../config/config.ts';
import type { ReadVariables } from '../config/route-of.ts';
import { readServiceManager } from '../config/service-manager.ts';
import { createLogger } from '../log/logger.ts';
import type { Log } from '../protocol/messages.ts';
import type { Mode } from '../protocol/settings.ts';
import { Replicator } from '../supervisor/replicator.ts';
import { endNow } from './end-now.ts';
import { EXIT } from './exit-codes.ts';
import { configSource, describe, printProblems, type Source } from './load-config.ts';
import { Notifications } from './notifications.ts';
import { openHomeAssistant } from './open-home-assistant.ts';
import { openStatusServer } from './open-status-server.ts';
import { Reload } from './reload.ts';
import { obeySignals } from './signals.ts';
import { watchFiles } from './watch-files.ts';

/** mqttrep tells PM2 and systemd that it is ready when each broker has answered, or after this time. */
const READY_TIMEOUT_MS = 5_000;

/** A process that stopped in order has ended by itself after this time. */
const LEFTOVER_TIMEOUT_MS = 250;

export interface RunOptions {
  readonly mode: Mode;
  /** Whether a changed file of the configuration is read by itself. */
  readonly watchesFiles: boolean;
}

export async function run(source: Source, { mode, watchesFiles }: RunOptions): Promise<number> {
  const load = await configSource(source);
  const loaded = load();
  const { config } = loaded;
  if (config === undefined) {
    printProblems(loaded);
    return EXIT.config;
  }
  let brokers = namesOf(config);
  const logger = createLogger(config.log, name => brokers.has(name));
  const log: Log = (level, message, at) => logger.log({ level, message, at });
  for (const warning of loaded.warnings) logger.warn(describe(warning));
  logger.info(summary(config));
  if (mode === 'dry-run') {
    logger.info('dry run: mqttrep publishes nothing, and decides as at a first contact, without the store');
  }

  const replicator = new Replicator(config, log, mode);
  let variables: ReadVariables = loaded;
  const apply = async (next: Config, read: ReadVariables) => {
    brokers = namesOf(next);
    await replicator.reconfigure(next);
    variables = read;
    logger.level = next.log.level;
  };
  const reload = new Reload({ config, load, apply, log });
  const notifications = notificationsOf(replicator, log);
  const failed = (error: Error) => log('error', `unexpected error: ${error.stack ?? error.message}`);
  const reloadNow = () => {
    notifications?.reloading();
    reload.run().then(() => notifications?.reloaded(), failed);
  };
  const files = watchesFiles ? [source.configFile, source.envFile].filter(file => file !== undefined) : [];
  const unwatch = watchFiles(files, file => {
    logger.info(`${file} has changed`);
    reloadNow();
  });
  const signals = obeySignals({
    stop: () => {
      notifications?.stopping();
      replicator.stop().catch(failed);
    },
    reload: reloadNow,
    log: message => logger.info(message),
  });
  const closeServer = await openStatusServer(config, replicator, log, () => variables);
  const homeAssistant = mode === 'replicate' ? await openHomeAssistant(config, replicator) : undefined;
  if (closeServer === 'failed') replicator.stop().catch(failed);
  else if (!replicator.isStopping) replicator.start();
  replicator.answered(READY_TIMEOUT_MS).then(() => {
    if (replicator.isStopping) return;
    process.send?.('ready');
    notifications?.ready();
  }, failed);

  const failure = await replicator.ended;
  homeAssistant?.close();
  signals.forget();
  unwatch();
  if (closeServer !== 'failed') await closeServer();
  await notifications?.close();
  const hasFailed = failure !== undefined || closeServer === 'failed';
  if (!hasFailed) logger.info('stopped');
  await new Promise<void>(resolve => {
    logger.once('finish', resolve);
    logger.end();
  });
  // Node.js aborts when it resets a terminal that does not exist any more. SIGHUP ends it without that.
  if (signals.isTerminalGone()) process.kill(process.pid, 'SIGHUP');
  const code = replicator.isMisconfigured ? EXIT.config : hasFailed ? EXIT.failure : EXIT.ok;
  // A thread that cannot be ended would keep the process alive.
  setTimeout(() => endNow(code), LEFTOVER_TIMEOUT_MS).unref();
  return code;
}

function notificationsOf(replicator: Replicator, log: Log): Notifications | undefined {
  const manager = readServiceManager(process.env, process.pid);
  return manager && new Notifications({ manager, isAlive: within => replicator.isAlive(within), log });
}

function namesOf({ brokers }: Config): ReadonlySet<string> {
  return new Set(brokers.map(({ name }) => name));
}

function summary({ brokers, topics, mergeFrequency }: Config): string {
  const names = brokers.map(({ name }) => name).join(', ');
  const filters = topics.map(({ filter }) => filter).join(', ');
  return `replicating ${filters} between ${names} at ${mergeFrequency} Hz`;
}
