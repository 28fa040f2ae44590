/** Faults of a worker, for the mutants. */
export interface LinkFaults {
  /** At QoS 0 it confirms a publish that was only written to the socket. */
  readonly confirmsAtSocket?: true;
  /** It connects under another client id after each start, so the broker keeps the earlier connection. */
  readonly hasRandomClientId?: true;
  /** It reports each topic as readable. */
  readonly provesNothing?: true;
  /** It conflates a burst, and does not report the messages that newer ones replaced. */
  readonly tellsNothingPassedOver?: true;
}
