/**
 * A mosquitto that saves each change, with rights that can be taken from mqttrep (and from nobody else), behind a relay
 * with the limits of its plan. Clients of the run connect to the mosquitto itself.
 */

import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LIMITED_BROKERS } from '../../support/limits/limit-table.ts';
import { LimitedBroker } from '../../support/limits/limited-broker.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import type { SitePlan } from './plan.ts';

/** As mqttrep connects; all others are anonymous. */
export const REPLICATOR = 'replicator';

export class Site {
  readonly name: string;
  readonly plan: SitePlan;
  readonly broker: TestBroker;
  readonly relay: LimitedBroker;
  /** The broker lost a moment of its data. */
  hasLostData = false;
  /** mqttrep could not read some of it for a while. */
  hasHidden = false;
  /** mqttrep could not hear what was written there for a while, whatever the reason. */
  wasUnheard = false;
  readonly #folder: string;
  readonly #denied = new Map<string, 'read' | 'write'>();

  static async start(plan: SitePlan): Promise<Site> {
    const folder = tempFolder('site');
    writeFileSync(aclFile(folder), rights(new Map()));
    const config = [
      `acl_file ${aclFile(folder)}`,
      // After each change.
      'autosave_interval 1',
      'autosave_on_changes true',
    ];
    const broker = await startMosquitto({ persistence: folder, config });
    const limits = plan.limits === undefined ? {} : LIMITED_BROKERS[plan.limits];
    return new Site(plan, broker, await LimitedBroker.before(broker.port, limits), folder);
  }

  private constructor(plan: SitePlan, broker: TestBroker, relay: LimitedBroker, folder: string) {
    this.plan = plan;
    this.name = plan.name;
    this.broker = broker;
    this.relay = relay;
    this.#folder = folder;
  }

  async withoutRight(right: 'read' | 'write', filter: string, milliseconds: number): Promise<void> {
    if (right === 'read') {
      this.hasHidden = true;
      this.wasUnheard = true;
    }
    this.#denied.set(filter, right);
    this.#tellRights();
    await wait(milliseconds);
    this.#denied.delete(filter);
    this.#tellRights();
  }

  /** The broker is killed, and comes back with what it had so many milliseconds before. */
  async losePower(milliseconds: number): Promise<void> {
    const [state, copy] = [join(this.#folder, 'mosquitto.db'), join(this.#folder, 'copy.db')];
    rmSync(copy, { force: true });
    if (existsSync(state)) copyFileSync(state, copy);
    await wait(milliseconds);
    this.hasLostData = true;
    await this.broker.kill();
    if (existsSync(copy)) copyFileSync(copy, state);
    else rmSync(state, { force: true });
    await this.broker.start();
  }

  async standStill(milliseconds: number): Promise<void> {
    this.#signal('SIGSTOP');
    await wait(milliseconds);
    this.#signal('SIGCONT');
  }

  async cutLink(milliseconds: number): Promise<void> {
    this.wasUnheard = true;
    this.relay.link.cut();
    await wait(milliseconds);
    this.relay.link.heal();
  }

  async silenceLink(milliseconds: number): Promise<void> {
    this.wasUnheard = true;
    this.relay.link.freeze();
    await wait(milliseconds);
    this.relay.link.thaw();
  }

  async stop(): Promise<void> {
    await this.relay.close();
    await this.broker.kill();
  }

  #tellRights(): void {
    writeFileSync(aclFile(this.#folder), rights(this.#denied));
    this.#signal('SIGHUP');
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.broker.pid !== undefined) process.kill(this.broker.pid, signal);
  }
}

function aclFile(folder: string): string {
  return join(folder, 'rights.acl');
}

/** mosquitto hangs up on what may not be written, and shows nothing of what may not be read. */
function rights(denied: ReadonlyMap<string, 'read' | 'write'>): string {
  const everything = ['topic readwrite #', 'topic readwrite $sentinel/#'];
  const left = (filter: string) => {
    const right = denied.get(filter) ?? denied.get('#');
    return right === undefined ? 'readwrite' : right === 'read' ? 'write' : 'read';
  };
  return [
    ...everything,
    `user ${REPLICATOR}`,
    'topic readwrite mqttrep/#',
    'topic readwrite fence/#',
    `topic ${left('a/#')} a/#`,
    `topic ${left('b/#')} b/#`,
    '',
  ].join('\n');
}
