/** A prober with its answers, of which there must be one for each topic. */

import type { ReplayOrder } from '../../../lib/broker/capabilities/replay-order-test.ts';
import { Prober } from '../../../lib/broker/retained/prober.ts';
import { ReadProof } from '../../../lib/broker/retained/read-proof.ts';
import { Sentinel } from '../../../lib/broker/retained/sentinel.ts';
import type { ProbeAnswer, ReadAccess } from '../../../lib/protocol/messages.ts';
import { payloadFromRaw } from '../../../lib/protocol/payload.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { payloadText } from '../../support/payload-text.ts';

/** Bytes of the largest payload that mqttrep accepts. */
export const LARGEST = 10_000;

export class Fixture {
  readonly prober: Prober;
  readonly #answers = new Map<string, ProbeAnswer['held']>();
  #check: () => void = () => undefined;
  #readable: (answer: ReadAccess) => void = () => undefined;
  /** How often a read went on after its end. */
  disorders = 0;

  /** @param options for MQTT.js, such as a username */
  constructor(
    url: string,
    protocolVersion: 4 | 5,
    order: ReplayOrder,
    options: object = {},
    how: 'with a sentinel' | 'without a sentinel' = 'with a sentinel',
  ) {
    this.prober = new Prober({
      options: {
        url,
        options: { ...options },
        clientId: `prober_${Math.random()}`,
        protocolVersion,
        maxQos: 2,
        largestPayload: LARGEST,
      },
      sentinel: how === 'with a sentinel' ? new Sentinel('mqttrep/us/probe/spec', 'nonce') : undefined,
      stamps: new Stamps('us', 'secret'),
      order: () => order,
      outOfOrder: () => {
        this.disorders++;
      },
      proof: new ReadProof('mqttrep/us/probe/spec/fence'),
      readAccess: answer => this.#readable(answer),
      answer: answers => {
        for (const { topic, held } of answers) {
          if (this.#answers.has(topic)) throw new Error(`${topic} was answered twice`);
          this.#answers.set(topic, held);
        }
        this.#check();
      },
    });
  }

  /** Probes the topics. Resolves with the payloads found, `absent` or `unknown`. */
  async ask(topics: readonly string[]): Promise<string[]> {
    this.#answers.clear();
    this.prober.probe(topics, 'background');
    await new Promise<void>(resolve => {
      this.#check = () => {
        if (this.#answers.size >= topics.length) resolve();
      };
    });
    return topics.map(topic => {
      const found = this.#answers.get(topic);
      return typeof found === 'object' ? payloadText(payloadFromRaw(found.payload)) : (found ?? 'unanswered');
    });
  }

  /** Resolves with the parents beneath which read access is proven. */
  async prove(parents: readonly string[]): Promise<readonly string[]> {
    const proven: string[] = [];
    let left = parents.length;
    const all = new Promise<void>(resolve => {
      this.#readable = answer => {
        proven.push(...answer.proven);
        left -= answer.proven.length + answer.unproven.length;
        if (left === 0) resolve();
      };
    });
    this.prober.proveReadable(parents);
    await all;
    return proven;
  }

  found(topic: string): ProbeAnswer['held'] | undefined {
    return this.#answers.get(topic);
  }
}
