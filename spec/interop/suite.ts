/** The one suite that every broker of the table is put through, in a pair with a partner. */

import { expect } from 'chai';
import { fillBefore, firstContact, masses } from './cases/masses.ts';
import { cuts, restarts } from './cases/outages.ts';
import { properties } from './cases/properties.ts';
import { refusals } from './cases/refusals.ts';
import { values } from './cases/values.ts';
import { wills } from './cases/wills.ts';
import { eventCases, eventRestarts } from './events/event-cases.ts';
import type { EventLimits } from './events/event-limits.ts';
import { EventTrial } from './events/event-trial.ts';
import type { Transport } from './makes/make.ts';
import { longPatience, Pair } from './pair.ts';
import type { TestedBroker } from './tested-broker.ts';

export interface SuiteOptions {
  readonly title: string;
  /** Called before the first case; HERE first. */
  readonly parties: () => Promise<readonly [TestedBroker, TestedBroker]>;
  /** How HERE is reached. */
  readonly transport: Transport;
  /** Whether HERE can be stopped and started. */
  readonly isOurs: boolean;
}

export function defineSuite({ title, parties, transport, isOurs }: SuiteOptions): void {
  describe(title, function () {
    this.timeout(2 * longPatience);

    let made: Pair | undefined;
    const pair = () => {
      if (made === undefined) throw new Error('the brokers are not there');
      return made;
    };

    before(async () => {
      made = await Pair.of(...(await parties()));
      await fillBefore(made);
      await made.run();
    });

    after(() => made?.close());

    // In this order: mocha runs the cases of a suite before the suites inside it, so each is a suite.
    describe('at first contact', () => firstContact(pair));
    describe('values', () => values(pair));
    describe('properties', () => properties(pair));
    describe('masses', () => masses(pair));
    describe('refusals', () => refusals(pair));
    if (transport === 'ws') describe('wills', () => wills(pair));
    describe('after a cut of the link', () => cuts(pair));
    if (isOurs) describe('after a restart of the broker', () => restarts(pair));
    describe('in the end', () => {
      it('stops in order', async () => {
        expect(await pair().stopMqttrep()).to.equal(0);
      });
    });
  });
}

export interface EventSuiteOptions extends Omit<SuiteOptions, 'transport'> {
  /** Called with what was learnt of HERE. */
  readonly learnt: (limits: EventLimits) => void;
}

/** Event topics, by a mqttrep of their own. */
export function defineEventSuite({ title, parties, isOurs, learnt }: EventSuiteOptions): void {
  describe(title, function () {
    this.timeout(3 * longPatience);

    let pair: Pair | undefined;
    let made: EventTrial | undefined;
    const trial = () => {
      if (made === undefined) throw new Error('the brokers are not there');
      return made;
    };

    before(async () => {
      pair = await Pair.of(...(await parties()));
      made = await EventTrial.of(pair);
      learnt(made.limits(pair.here));
      await made.run();
    });

    afterEach(function () {
      if (this.currentTest?.state === 'failed') console.log(`        the log: ${made?.saveLog()}`);
    });

    after(async () => {
      await made?.close();
      await pair?.close();
    });

    describe('event topics', () => {
      eventCases(trial);
      if (isOurs) eventRestarts(trial);
    });
  });
}
