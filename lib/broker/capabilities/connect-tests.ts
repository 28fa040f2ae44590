/** The capability tests of one connection. Each runs once for a broker: a result that is known is not tested again. */

import type { QoS } from '../../core/policy.ts';
import type { Connection } from '../connection/connection.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { isFlagless } from './broker-capabilities.ts';
import type { Findings } from './findings.ts';
import { grantedInPlaceOf } from './granted-qos-test.ts';
import { LiveFlagTest } from './live-flag-test.ts';
import { QOS_UPGRADES, QosUpgradeTest } from './qos-upgrade-test.ts';
import { ReplayOrderTest } from './replay-order-test.ts';

export class ConnectTests {
  readonly #connection: Connection;
  readonly #findings: Findings;
  readonly #topic: string;
  readonly #running: { observe(packet: ReceivedMessage): boolean }[] = [];

  /** @param topic a control topic; nobody else uses the levels below it */
  constructor(connection: Connection, findings: Findings, topic: string) {
    this.#connection = connection;
    this.#findings = findings;
    this.#topic = topic;
  }

  /** Returns whether the message belongs to a test. */
  observe(packet: ReceivedMessage): boolean {
    return this.#running.some(test => test.observe(packet));
  }

  /**
   * Tests what the first replay depends on. The tests run at once, so that all take no longer than the slowest.
   * @param highestQos of the subscriptions
   * @throws when the connection ends meanwhile
   */
  async run(highestQos: QoS): Promise<void> {
    const { replayOrder, liveFlag, liveFlagOfQos0, maxQos } = this.#findings.current;
    const mqtt5 = this.#connection.protocolVersion === 5;
    const [order, flag, flagOfQos0, granted] = await Promise.all([
      replayOrder ?? this.#start(new ReplayOrderTest(`${this.#topic}/order`)),
      liveFlag ?? (mqtt5 ? this.#start(new LiveFlagTest(`${this.#topic}/live`, 1)) : undefined),
      liveFlagOfQos0 ?? (mqtt5 ? undefined : this.#start(new LiveFlagTest(`${this.#topic}/live`, 0))),
      maxQos ??
        (mqtt5 || highestQos === 0
          ? undefined
          : grantedInPlaceOf(highestQos, this.#connection, `${this.#topic}/qos`)),
    ]);
    this.#findings.learn({
      replayOrder: order,
      liveFlag: flag,
      liveFlagOfQos0: flagOfQos0,
      maxQos: granted,
    });
  }

  /**
   * Tests how a subscription gets its QoS. To be called after the first replay: without the retain flag it tells nothing.
   * @throws when the connection ends meanwhile
   */
  async runQosUpgrade(highestQos: QoS): Promise<void> {
    const { current } = this.#findings;
    if (highestQos === 0 || isFlagless(current) || current.qosUpgrade !== undefined) return;
    const found = await this.#start(new QosUpgradeTest(`${this.#topic}/twice`));
    this.#findings.learn({ qosUpgrade: QOS_UPGRADES[found] });
  }

  #start<Result>(test: {
    observe(packet: ReceivedMessage): boolean;
    run(connection: Connection): Promise<Result>;
  }): Promise<Result> {
    this.#running.push(test);
    return test.run(this.#connection);
  }
}
