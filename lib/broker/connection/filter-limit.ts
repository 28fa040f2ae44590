/** How many filters a broker accepts in one SUBSCRIBE or UNSUBSCRIBE, and the events that tell it. */

export interface FilterLimit {
  /** Filters in one packet at most. */
  readonly filters: number;
  /** The broker answered a packet with this many filters. */
  answered(filters: number): void;
  /** The connection ended, or was given up, before a packet with this many filters was answered. */
  unanswered(filters: number): void;
  /** The broker refused every filter of a packet with this many. */
  refused(filters: number): void;
  /** The broker accepted this many filters of a packet, and none after them. */
  accepted(filters: number): void;
}

/** Nothing is known, and nothing is learned. */
export const NO_FILTER_LIMIT: FilterLimit = {
  filters: Number.POSITIVE_INFINITY,
  answered: () => undefined,
  unanswered: () => undefined,
  refused: () => undefined,
  accepted: () => undefined,
};
