/**
 * Whether a broker accepts CONNECT with the will of mqttrep. mosquitto with `max_qos 0` refuses a will of QoS 1. Over MQTT 5 a
 * broker refuses the will by a reason code. Over MQTT 3.1.1 it closes the connection, or uses a reason code of MQTT 5.
 */

import type { QoS } from '../../core/policy.ts';
import type { ConnectFailure } from '../network/negotiation.ts';
import type { BrokerCapabilities } from './broker-capabilities.ts';
import { type Findings, MAX_HANGUPS } from './findings.ts';

/**
 * CONNACK codes (MQTT 5 §3.2.2.2) that object to the will: "Retain not supported" of a broker without retained messages;
 * "Malformed Packet" and "Protocol Error" of brokers that accept no such will.
 */
const WILL_NOT_ACCEPTED: ReadonlySet<number | undefined> = new Set([0x9a, 0x81, 0x82]);

/** CONNACK code (MQTT 5 §3.2.2.2) for a will with a QoS that the broker does not support. */
const QOS_NOT_SUPPORTED = 0x9b;

export class WillTest {
  readonly #findings: Findings;
  #wasConnected = false;
  #unansweredConnects = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /**
   * A CONNECT failed. Returns whether another attempt at once, with less of the will, is worth it.
   * @param willQos the QoS of its will; 0 without a will
   */
  connectFailed({ code, wasConnected }: ConnectFailure, willQos: QoS = 0): boolean {
    if (code === QOS_NOT_SUPPORTED && willQos > 0) {
      this.#findings.learn({ willQos: (willQos - 1) as QoS });
      return true;
    }
    if (WILL_NOT_ACCEPTED.has(code) && this.#findings.current.acceptsWill) {
      this.#findings.learn({ acceptsWill: false });
      return true;
    }
    // MQTT 3.1.1 has no reason code for it, so a broker may close the connection.
    if (code !== undefined || !wasConnected || this.#wasConnected) return false;
    if (++this.#unansweredConnects % MAX_HANGUPS === 0) this.#changeWill(willQos);
    return false;
  }

  connected(): void {
    this.#wasConnected = true;
  }

  /** First lowers the QoS of the will, then leaves the will out, then starts over with all of it. */
  #changeWill(willQos: QoS): void {
    if (willQos > 0) {
      this.#findings.learn({ willQos: 0 });
      return;
    }
    const acceptsWill = !this.#findings.current.acceptsWill;
    this.#findings.learn(acceptsWill ? { acceptsWill, willQos: 2 } : { acceptsWill });
  }
}

/** The part of a will that CONNECT may have; undefined where it may have none. */
export function supportedWill<W extends { readonly qos: QoS }>(
  { acceptsWill, willQos }: BrokerCapabilities,
  will: W,
  maxQos: QoS,
): W | undefined {
  return acceptsWill ? { ...will, qos: Math.min(will.qos, willQos, maxQos) as QoS } : undefined;
}
