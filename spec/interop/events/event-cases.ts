/** Event topics between the two brokers of a pair: order, outages, duplicates, and sessions that are lost. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { EventVerdict } from '../../faults/events/event-verdict.ts';
import { eventually } from '../../support/eventually.ts';
import { patience } from '../pair.ts';
import type { Side } from '../tested-broker.ts';
import { permittedThrough } from './event-limits.ts';
import type { EventTrial } from './event-trial.ts';
import { restart } from './restart.ts';

/** Fewer than any broker queues. */
const FEW = 40;

const TOGGLES = ['TOGGLE', 'TOGGLE', 'ON', 'ON', 'TOGGLE'];

/** Of the traffic through faults. */
const TRAFFIC = { messages: 300, pauseMs: 20 };

/** Through that traffic: two cuts and a SIGKILL. */
const FAULTS = 3;

const SHORT_SESSION_SECONDS = 1;

/** A second for the expiry, and time for brokers that look for expired sessions from time to time. */
const EXPIRED_MS = 4_000;

export function eventCases(trial: () => EventTrial): void {
  const sides = () => trial().pair.sides;
  const isOrdered = () => sides().every(side => trial().limits(side).isOrdered);
  // The subscribers of a side that delivers in another order see the events of both so.
  const ordered = () => (isOrdered() ? sides() : []);

  it('carries every message both ways, once and in order, and equal ones too', async () => {
    const { here, there } = trial().pair;
    for (const side of sides()) await trial().read(side, 'order');
    for (const payload of TOGGLES) await here.site.publish(trial().topic('order-equal/0'), payload);
    const written = new Map(
      await Promise.all(
        sides().map(async side => [side, await trial().write(side, 'order', { from: 0, to: FEW })] as const),
      ),
    );
    expectRight(await trial().verdict('order', written), { ordered: ordered() });
    for (const side of [here, there]) {
      const payloads = (await trial().read(side, 'order-equal')).map(({ payload }) => payload);
      if (isOrdered()) expect(payloads, side.name).to.deep.equal(TOGGLES);
      else expect(payloads, side.name).to.have.members(TOGGLES);
    }
  });

  it('after an outage of the link, delivers what was written meanwhile at either side, once and in order', async () => {
    const { here, there, link } = trial().pair;
    for (const side of sides()) await trial().read(side, 'outage');
    link.cut();
    const fromThere = await trial().write(there, 'outage', { from: 0, to: FEW });
    const fromHere = await trial().write(here, 'outage', { from: 0, to: FEW });
    await eventually(async () => expect((await trial().status(here.name)).queued).to.equal(FEW));
    await eventually(async () => expect(await trial().read(here, 'outage')).to.have.deep.members(fromHere));
    link.heal();
    const verdict = await trial().verdict(
      'outage',
      new Map([
        [here, fromHere],
        [there, fromThere],
      ]),
    );
    expectRight(verdict, { ordered: ordered() });
  });

  it('loses nothing through cuts and a SIGKILL in the midst of traffic, and doubles no more than the window', async () => {
    const { link } = trial().pair;
    for (const side of sides()) await trial().read(side, 'faults');
    const { messages, pauseMs } = TRAFFIC;
    const writing = Promise.all(
      sides().map(
        async side =>
          [side, await trial().write(side, 'faults', { from: 0, to: messages }, pauseMs)] as const,
      ),
    );
    await wait(1_000);
    link.cut();
    await wait(500);
    link.heal();
    await wait(1_500);
    await trial().kill();
    await trial().run();
    link.cut();
    await wait(500);
    link.heal();
    const verdict = await trial().verdict('faults', new Map(await writing));
    const permitted = (side: Side) => permittedThrough(FAULTS, messages, trial().limits(side));
    expectRight(verdict, {
      mayLose: sides().some(side => permitted(side).mayLose),
      ordered: ordered().filter(side => permitted(side).isOrdered),
      mayDouble: sides().reduce((sum, side) => sum + permitted(side).mayDouble, 0),
    });
  });

  it('where a session expires or is removed, says and counts that events are lost, and goes on', async () => {
    const { here, link } = trial().pair;
    if (here.site.protocol === 5) {
      await trial().stop();
      await trial().run(SHORT_SESSION_SECONDS);
    }
    await losesSession(trial(), 'expiry', async () => {
      if (here.site.protocol === 5) await wait(EXPIRED_MS);
      else await trial().removeSession(here);
    });
    link.heal();
    if (here.site.protocol === 5) {
      await trial().stop();
      await trial().run();
    }
  });

  it('stops in order', async () => {
    expect(await trial().stop()).to.equal(0);
    await trial().run();
  });
}

/** Only where the broker is ours to restart. */
export function eventRestarts(trial: () => EventTrial): void {
  it('after a restart of the broker, delivers what it has kept, and says and counts if it has lost the session', async () => {
    const { here } = trial().pair;
    await losesSession(trial(), 'restart', async () => {
      if (here.broker !== undefined) await restart(here.broker);
    });
  });
}

/** What was written at HERE while mqttrep was cut off arrives, or mqttrep says and counts that the session is lost. */
async function losesSession(trial: EventTrial, name: string, lose: () => Promise<void>): Promise<void> {
  const { here, there, link } = trial.pair;
  const lostBefore = await trial.counter('mqttrep_event_session_lost_total', here.name);
  await trial.read(there, name);
  link.cut();
  const kept = await trial.write(here, name, { from: 0, to: FEW });
  const queued = await trial.write(there, name, { from: 0, to: FEW });
  // So mqttrep has noticed the cut.
  await eventually(async () => expect((await trial.status(here.name)).queued).to.equal(FEW));
  await lose();
  // The reader of a broker that was restarted is a new one, and must be there before mqttrep.
  await trial.read(here, name);
  link.heal();
  await trial.flowing();
  const after = await trial.write(here, name, { from: FEW, to: FEW + 3 });
  await eventually(async () => expect(await trial.read(there, name)).to.include.deep.members(after), {
    within: 2 * patience,
  });
  await eventually(async () => expect(await trial.read(here, name)).to.include.deep.members(queued), {
    within: 2 * patience,
  });
  const missing = async () => {
    const arrived = new Set((await trial.read(there, name)).map(({ payload }) => payload));
    return kept.filter(({ payload }) => !arrived.has(payload)).length;
  };
  // Some brokers send what they have kept only after half a minute.
  await eventually(
    async () => {
      const count = await missing();
      const lost = (await trial.counter('mqttrep_event_session_lost_total', here.name)) - lostBefore;
      expect(count === 0 || lost > 0, `${count} events are missing; sessions lost: ${lost}`).to.equal(true);
    },
    { within: 2 * patience },
  );
  if ((await missing()) > 0)
    expect(trial.mqttrep.stderr).to.contain(`${here.name}: the broker has no session of mqttrep any more`);
}

interface Allowed {
  readonly mayLose?: boolean;
  /** Of these sides. */
  readonly ordered: readonly Side[];
  readonly mayDouble?: number;
}

function expectRight(verdict: EventVerdict, { mayLose = false, ordered, mayDouble = 0 }: Allowed): void {
  const shown = verdict.examples.slice(0, 5).join('; ');
  if (!mayLose) expect(verdict.lost, `lost: ${shown}`).to.equal(0);
  for (const { name } of ordered)
    expect(verdict.disorderedFrom.get(name) ?? 0, `out of order, from ${name}: ${shown}`).to.equal(0);
  expect(verdict.doubled, `doubled: ${shown}`).to.be.at.most(mayDouble);
}
