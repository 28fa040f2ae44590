/**
 * The alternatives as users set them up if every message counts: with sessions that the brokers keep.
 *
 * The bridge is a mosquitto of its own between the brokers, with one bridge to each, so that it can be killed alone, and so
 * that its cost is its own.
 */

import { fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startMosquitto } from '../../spec/support/mosquitto.ts';
import { tempFolder } from '../../spec/support/temp-folder.ts';
import type { TestBroker } from '../../spec/support/test-broker.ts';
import { ROOT } from '../message.ts';
import { runningChild } from './mqttjs-script.ts';
import type { Running, Site, Subject } from './subject.ts';

const UNLIMITED = ['max_queued_messages 0', 'max_inflight_messages 1000'];

export const bridgeAtDefaults = bridge("mosquitto's bridge, defaults", []);
export const bridgeUnlimited = bridge("mosquitto's bridge, unlimited queues", UNLIMITED);

function bridge(title: string, limits: readonly string[]): Subject {
  return {
    name: 'bridge',
    title,
    async launch(sites: readonly Site[]): Promise<Running> {
      const config = [...limits, ...sites.flatMap(bridgeTo)];
      const process = await startMosquitto({ persistence: tempFolder('bench-bridge'), config });
      return {
        get pids() {
          return pidsOf(process);
        },
        brokers: sites.map(({ broker }) => broker),
        stop: () => process.kill(),
        async kill(pauseMs) {
          await process.kill();
          await wait(pauseMs);
          await process.start();
        },
      };
    },
  };
}

function pidsOf({ pid }: TestBroker): number[] {
  return pid === undefined ? [] : [pid];
}

function bridgeTo({ port }: Site, index: number): string[] {
  return [
    `connection site${index}`,
    `address 127.0.0.1:${port}`,
    `topic ${ROOT}/# both 1`,
    'bridge_protocol_version mqttv50',
    `remote_clientid bench-bridge-${index}`,
    `local_clientid bench-bridge-local-${index}`,
    'cleansession false',
    'notifications false',
    'restart_timeout 1',
  ];
}

/** Its arguments begin with a word that names the sessions. */
export const scriptWithSessions: Subject = {
  name: 'script',
  title: 'MQTT.js script, sessions kept',
  async launch(sites: readonly Site[]): Promise<Running> {
    const urls = sites.map(({ port }) => `mqtt://127.0.0.1:${port}`);
    const path = fileURLToPath(new URL('./forwarding-script.js', import.meta.url));
    const start = () => runningChild(fork(path, ['--session=bench-script', ...urls], { execArgv: [] }));
    let child = start();
    return {
      get pids() {
        return child.pids;
      },
      brokers: sites.map(({ broker }) => broker),
      stop: () => child.stop(),
      async kill(pauseMs) {
        await child.stop();
        await wait(pauseMs);
        child = start();
      },
    };
  },
};
