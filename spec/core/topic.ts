/**
 * One topic as the core sees it, with a method for each act of a client, a broker and the reconciler. Each event goes through
 * `step` with everything frozen, so that a mutation throws. Only the methods of this class move its clock.
 */

import type { AtMarker, Event, Observed, Probed, Publish, ReturnState } from '../../lib/core/events.ts';
import type { Held } from '../../lib/core/message.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { type BrokerSet, type FilterSettings, Policies, type Policy } from '../../lib/core/policy.ts';
import { emptyRegister, pendingAt, type Register } from '../../lib/core/register.ts';
import { step } from '../../lib/core/step.ts';
import { HybridClock, type Version } from '../../lib/core/version.ts';
import { payloadText } from '../support/payload-text.ts';
import { deepFreeze } from './deep-freeze.ts';

/** The last one stands for a broker that drops the retain flag of live messages. */
export type Protocol = 'MQTT 3.1.1' | 'MQTT 5' | 'MQTT 5 without flags';

export const PROTOCOLS: readonly Protocol[] = ['MQTT 5', 'MQTT 3.1.1', 'MQTT 5 without flags'];

/** Indexes of the brokers that most specs need. */
export const A = 0;
export const B = 1;
export const C = 2;

export const START = Date.UTC(2026, 0, 1);

export interface TopicOptions {
  /** Default 2. */
  readonly brokers?: number;
  /** Settings of the filter that the topic matches. By default all brokers subscribe, and may be published to. */
  readonly filter?: Partial<FilterSettings>;
  /** Brokers that deliver each message twice. */
  readonly twice?: BrokerSet;
}

export type Arriving = Partial<Omit<Observed, 'kind' | 'broker' | 'payload'>>;

export class Topic {
  readonly policy: Policy;
  register: Register;
  now = START;
  readonly #protocol: Protocol;
  readonly #clock = new HybridClock('us', 60_000);

  constructor(protocol: Protocol, { brokers = 2, filter = {}, twice = 0 }: TopicOptions = {}) {
    const all = 2 ** brokers - 1;
    const settings = { filter: '#', subscribe: all, publish: all, ...filter };
    this.policy = deepFreeze({ ...new Policies([settings], brokers).of('t'), twice });
    this.register = emptyRegister(brokers);
    this.#protocol = protocol;
  }

  pass(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  /** The version of a write that is dated now. */
  newVersion(): Version {
    return this.#clock.next(this.now);
  }

  /** Applies one event. The next event starts from the register of the outcome. */
  apply(event: Event): Outcome {
    const outcome = step(deepFreeze(this.register), deepFreeze(event), this.policy);
    this.register = outcome.register;
    return outcome;
  }

  // ── a broker delivers a message ─────────────────────────────────────────────────────────────────────────

  /** A client's retained message, live. */
  writes(broker: number, payload: string, arriving: Arriving = {}): Outcome {
    return this.#arrives(broker, payload, { retained: this.#shown(true), ...arriving });
  }

  /** A client deletes the topic. If the deletion does not show, the broker is probed, and retains nothing. */
  deletes(broker: number): Outcome {
    const result = this.writes(broker, '');
    return result.commands.some(({ kind }) => kind === 'probe') ? this.answers(broker, 'absent') : result;
  }

  /** A client's message that is not retained. */
  passes(broker: number, payload: string, arriving: Arriving = {}): Outcome {
    return this.#arrives(broker, payload, { retained: this.#shown(false), ...arriving });
  }

  /** A broker shows what it retains after a subscription; at first contact, unless a return state is given. */
  replays(broker: number, payload: string, arriving: Arriving = {}): Outcome {
    return this.#arrives(broker, payload, {
      retained: true,
      replay: true,
      returnState: 'first contact',
      ...arriving,
    });
  }

  /** The replay of a broker that was seen before ends. */
  returns(
    broker: number,
    shown: 'shown' | 'not shown',
    returnState: ReturnState = 'intact',
    atMarker: AtMarker = 'the same',
  ): Outcome {
    return this.apply({ kind: 'returned', broker, returnState, replayed: shown === 'shown', atMarker });
  }

  /** The echo of our publish comes. */
  echoes({ broker, message, retain }: Publish, arriving: Arriving = {}): Outcome {
    const stamped = this.#isMqtt5 ? { stamp: message.version, own: true } : {};
    return this.#arrives(broker, payloadText(message.payload), {
      retained: this.#shown(retain),
      ...stamped,
      ...arriving,
    });
  }

  // ── the reconciler acts ───────────────────────────────────────────────────────────────────────

  /** Offers the topic to the broker. Returns what it is sent. */
  offer(broker: number): Publish[] {
    const { commands } = this.apply({ kind: 'offered', broker, now: this.now });
    return commands.filter(command => command.kind === 'publish');
  }

  /** Offers the topic to the broker, which must be sent exactly one message. */
  sent(broker: number): Publish {
    const [only, ...others] = this.offer(broker);
    if (only === undefined || others.length > 0) throw new Error(`not one message, but ${others.length + 1}`);
    return only;
  }

  /** Sends the brokers what they lack, and delivers the echoes. */
  sync(...brokers: readonly number[]): void {
    for (const broker of brokers) for (const publish of this.offer(broker)) this.echoes(publish);
  }

  /** A broker answers a probe. */
  answers(
    broker: number,
    found: string | Probed['found'],
    absence: Probed['absence'] = 'loss',
    isRolledBack = false,
  ): Outcome {
    const { now } = this;
    const isPayload = typeof found === 'string' && found !== 'absent' && found !== 'unknown';
    const message = isPayload
      ? { payload: found, properties: this.#properties, stamp: undefined, expiry: Number.POSITIVE_INFINITY }
      : found;
    return this.apply({
      kind: 'probed',
      broker,
      found: message,
      isRolledBack,
      absence,
      newVersion: this.newVersion(),
      now,
    });
  }

  // ── the register ──────────────────────────────────────────────────────────────────────────────────

  /** The winner's payload; empty if the topic is deleted. */
  get value(): string | undefined {
    const { winner } = this.register;
    return winner && payloadText(winner.payload);
  }

  /** What each broker holds: a payload, `absent` or `unknown`. */
  get held(): string[] {
    return this.register.held.map(textOf);
  }

  pending(broker: number): number {
    return pendingAt(this.register, broker);
  }

  #arrives(broker: number, payload: string, arriving: Arriving): Outcome {
    return this.apply({
      kind: 'observed',
      broker,
      payload,
      properties: this.#properties,
      retained: undefined,
      replay: false,
      returnState: 'first contact',
      stamp: undefined,
      stamps: this.#isMqtt5,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
      newVersion: this.newVersion(),
      firstContactRank: 0,
      isBlocked: false,
      now: this.now,
      ...arriving,
    });
  }

  get #properties(): string | undefined {
    return this.#isMqtt5 ? '' : undefined;
  }

  get #isMqtt5(): boolean {
    return this.#protocol !== 'MQTT 3.1.1';
  }

  /** Only MQTT 5 shows whether a live message is retained, if the broker keeps the flag. */
  #shown(retained: boolean): boolean | undefined {
    return this.#protocol === 'MQTT 5' ? retained : undefined;
  }
}

function textOf(held: Held): string {
  return typeof held === 'object' ? payloadText(held.payload) : held;
}

/** A topic that all brokers hold with the same value. */
export function syncedTopic(protocol: Protocol, value: string, options: TopicOptions = {}): Topic {
  const topic = new Topic(protocol, options);
  for (const broker of topic.register.held.keys()) topic.replays(broker, value);
  return topic;
}
