/** The topics of two brokers, and what is admitted of the messages that their clients write. */

import type sinon from 'sinon';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import type { Observed } from '../../lib/core/events.ts';
import { Policies } from '../../lib/core/policy.ts';
import { HybridClock } from '../../lib/core/version.ts';
import type { Observation } from '../../lib/protocol/observation.ts';
import { Admission } from '../../lib/reconciler/admission.ts';
import { BrokerLink } from '../../lib/reconciler/links/broker-link.ts';
import { TopicPolicies } from '../../lib/reconciler/topics/topic-policies.ts';
import { TopicTable } from '../../lib/reconciler/topics/topic-table.ts';

export const [A, B] = [0, 1];

export type Kind = 'retained' | 'transient' | 'unknown';

/** The topics of two brokers, and the admission of messages. A broker gets at once what it lacks. */
export class AdmissionFixture {
  readonly log: string[] = [];
  readonly table: TopicTable;
  readonly admission: Admission;
  readonly links: readonly BrokerLink[];
  readonly #clock = new HybridClock('us', 60_000);

  constructor({ topics = DEFAULT_BOUNDS.topics, bytes = Number.POSITIVE_INFINITY, brokers = 2 } = {}) {
    const all = 2 ** brokers - 1;
    const policies = new Policies([{ filter: '#', subscribe: all, publish: all }], brokers);
    this.table = new TopicTable(new TopicPolicies(policies), brokers);
    this.links = Array.from(
      { length: brokers },
      (_, index) =>
        new BrokerLink({
          index,
          name: 'ABC'.charAt(index),
          rank: 0,
          scanPeriod: 600,
          markerTopic: undefined,
          secret: 'secret',
          clientId: 'kept',
          deletionGuard: { topics: 10, percent: 5 },
        }),
    );
    this.admission = new Admission({
      table: this.table,
      links: this.links,
      room: { topics, bytes },
      log: (level, message) => this.log.push(`${level} ${message}`),
    });
  }

  /** A client writes a message at a broker. Returns whether the message was admitted. */
  writes(broker: number, topic: string, payload = '1', kind: Kind = 'retained', more = {}): boolean {
    const retained = kind === 'unknown' ? undefined : kind === 'retained';
    const observation: Observation = {
      topic,
      payload,
      properties: kind === 'unknown' ? undefined : '',
      retained,
      replay: false,
      stamp: undefined,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
      ...more,
    };
    const link = this.links[broker];
    if (link === undefined || !this.admission.accepts(link, observation)) return false;
    const stamps = kind !== 'unknown';
    const now = Date.now();
    this.#observe(topic, { ...observation, broker, stamps, newVersion: this.#clock.next(now) });
    this.#answerProbe(broker, topic);
    for (const { index } of this.links) this.#deliver(index, topic, stamps);
    return true;
  }

  /** Some milliseconds pass, and the reconciler forgets what is due. */
  pass(milliseconds: number, clock: sinon.SinonFakeTimers): void {
    clock.tick(milliseconds);
    this.table.forget(Date.now());
  }

  refused(broker: number): Readonly<Record<string, number>> {
    return this.links[broker]?.counters.refused ?? {};
  }

  #observe(
    topic: string,
    event: Partial<Observed> & Pick<Observed, 'broker' | 'payload' | 'newVersion'>,
  ): void {
    this.table.apply(topic, {
      kind: 'observed',
      properties: '',
      retained: true,
      replay: false,
      returnState: 'intact',
      stamp: undefined,
      stamps: true,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
      firstContactRank: 0,
      isBlocked: false,
      now: Date.now(),
      ...event,
    });
  }

  /** If the topic is probed, the broker answers that it retains nothing. */
  #answerProbe(broker: number, topic: string): void {
    if (this.table.get(topic)?.register.probes.length === 0) return;
    const fresh = this.#clock.next(Date.now());
    this.table.apply(topic, {
      kind: 'probed',
      broker,
      found: 'absent',
      absence: 'loss',
      isRolledBack: false,
      newVersion: fresh,
      now: Date.now(),
    });
  }

  #deliver(broker: number, topic: string, stamps: boolean): void {
    const { commands } = this.table.apply(topic, { kind: 'offered', broker, now: Date.now() });
    for (const command of commands) {
      if (command.kind !== 'publish') continue;
      const { payload, version } = command.message;
      const echo = stamps ? { stamp: version, own: true, retained: command.retain } : { retained: undefined };
      this.#observe(topic, { broker, payload, stamps, newVersion: this.#clock.next(Date.now()), ...echo });
    }
  }
}
