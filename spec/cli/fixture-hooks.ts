/** The hooks of a suite that has fixtures: mosquitto has to be there, and every fixture is stopped. */

import { requireMosquitto } from '../support/mosquitto.ts';
import { ReplicationFixture, type ReplicationFixtureOptions } from './replication-fixture.ts';

export interface FixtureHooksOptions {
  /** When fixtures are stopped. Default: after each spec. */
  readonly stopAfter?: 'each spec' | 'all specs';
  /** Default: true. Where it is false, a spec that needs mosquitto requires it itself. */
  readonly requiresMosquitto?: boolean;
}

export interface Fixtures {
  /** Resolves once mqttrep is connected to all brokers. */
  start(options: ReplicationFixtureOptions): Promise<ReplicationFixture>;
  /** Brokers and clients, and no mqttrep before `run`. */
  create(options: ReplicationFixtureOptions): ReplicationFixture;
}

/** Registers the hooks; a `describe` calls it once. */
export function fixtureHooks(options: FixtureHooksOptions = {}): Fixtures {
  const { stopAfter = 'each spec', requiresMosquitto = true } = options;
  const made: ReplicationFixture[] = [];

  if (requiresMosquitto) {
    before(function () {
      requireMosquitto(this);
    });
  }

  const atEnd = stopAfter === 'each spec' ? afterEach : after;
  atEnd(async () => {
    await Promise.all(made.splice(0).map(fixture => fixture.stop()));
  });

  function create(fixtureOptions: ReplicationFixtureOptions): ReplicationFixture {
    const fixture = new ReplicationFixture(fixtureOptions);
    made.push(fixture);
    return fixture;
  }

  return {
    create,
    start: async fixtureOptions => {
      const fixture = create(fixtureOptions);
      fixture.run();
      await fixture.connected(...fixture.sites);
      return fixture;
    },
  };
}
