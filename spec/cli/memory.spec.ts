/** The executable keeps to its bound of memory, says what it leaves out, and goes on with all else. */

import { expect } from 'chai';
import { itInFull } from '../support/in-full.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, type ReplicationFixture } from './replication-fixture.ts';

describe('mqttrep, where topics take more memory than they may,', function () {
  this.timeout(180_000);
  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  /** OSLO retains topics `many/0`… of this size before mqttrep meets it. */
  async function start(
    count: number,
    bytes: number,
    environment: Readonly<Record<string, string>>,
  ): Promise<void> {
    const config = ['set_tcp_nodelay true', 'max_queued_messages 0'];
    const brokers = await mosquittos(['OSLO', 'PARIS'], { config });
    fixture = fixtures.create({
      brokers,
      environment: { MQTTREP_STORE: tempFolder('memory'), ...environment },
    });
    await publishMany(brokers.OSLO.url, count, undefined, index => String(index).padEnd(bytes, 'x'));
    fixture.run();
    await fixture.connected('OSLO', 'PARIS');
  }

  /** What is written at the other broker, for which a part is set aside, and what was known before go on. */
  async function goesOn(value: string): Promise<void> {
    // By clients that are not subscribed: what is retained is much.
    const [oslo, paris] = [await fixture.client('OSLO'), await fixture.client('PARIS')];
    await paris.publish('of/paris', value, { retain: true });
    await fixture.retainedEverywhere('of/paris', value, { within: 60_000 });
    await oslo.publish('many/0', value, { retain: true });
    await fixture.retainedEverywhere('many/0', value, { within: 60_000 });
    await fixture.mqttrep.line(/OSLO: "many\/\d+" is not replicated: .* MQTTREP_MAX_MEMORY/, 30_000);
  }

  async function copied(): Promise<number> {
    const retained = await retainedOf(fixture.broker('PARIS').url, 'many/#');
    return retained.size;
  }

  it('refuses what is beyond MQTTREP_MAX_MEMORY, and starts again with what it has', async () => {
    await start(200, 10_000, { MQTTREP_MAX_MEMORY: '1M' });
    await goesOn('1');
    await fixture.settled();
    const before = await copied();
    expect(before).to.be.within(50, 105);
    await fixture.mqttrep.stop();
    fixture.run();
    await fixture.connected('OSLO', 'PARIS');
    await goesOn('2');
    await fixture.settled();
    // many/0 takes less than it did, so that another one may have found room.
    expect(await copied(), 'topics of OSLO at PARIS').to.be.within(before, before + 1);
    expect((await retainedOf(fixture.broker('OSLO').url, 'many/#')).size, 'topics of OSLO').to.equal(200);
  });

  itInFull('stays up with 277 MB of retained messages and a heap of 256 MB', async () => {
    await start(27_700, 10_000, { NODE_OPTIONS: '--max-old-space-size=256' });
    await goesOn('1');
    expect(await copied()).to.be.above(5_000);
    expect(fixture.mqttrep.stderr).not.to.match(/restart|crash|heap out of memory/i);
  });
});
