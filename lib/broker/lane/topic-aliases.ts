/** The topic aliases that a broker uses on one connection (MQTT 5 §3.3.2.3.4). */

export class TopicAliases {
  readonly #maximum: number;
  readonly #topics = new Map<number, string>();

  /** @param maximum the Topic Alias Maximum in CONNECT; 0 if the broker may use none */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** The topic of a message, which may be empty if it has an alias; undefined if the broker may not use the alias so. */
  resolve(topic: string, alias: number): string | undefined {
    if (alias > this.#maximum) return undefined;
    if (topic === '') return this.#topics.get(alias);
    this.#topics.set(alias, topic);
    return topic;
  }
}
