/** Where a topic goes, and what decided it: the answer of `mqttrep route` and of the API. */

export interface TopicRoute {
  /** Its canonical name; null if no topic has the name at the broker. */
  readonly topic: string | null;
  /** Why mqttrep does not replicate it at all; null if it does. */
  readonly refused: Decision | null;
  readonly settings: readonly DecidedSetting[];
  readonly brokers: readonly BrokerRoute[];
}

export interface Decision {
  readonly reason: string;
  /** The variable that decided it; null if it is always so. */
  readonly decidedBy: string | null;
}

export interface DecidedSetting {
  readonly setting: string;
  readonly value: string;
  /** Null for the default. */
  readonly decidedBy: string | null;
}

export interface BrokerRoute {
  readonly broker: string;
  /** The name of the topic there; null if it cannot have one. */
  readonly name: string | null;
  /** The rule that gives it the name. */
  readonly namedBy: string | null;
  /** The variable by which mqttrep receives the topic there, or why it does not. */
  readonly receives: string | Decision;
  /** The QoS with which mqttrep publishes there, or why it does not. */
  readonly publishes: { readonly qos: 0 | 1 | 2 } | Decision;
}
