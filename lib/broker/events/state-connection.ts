/** What the event link knows of the state connection to the same broker. It shows the cause of a hang-up. */

export interface StateConnection {
  /** It stands. */
  readonly isConnected: boolean;
  /** How often it has begun. */
  readonly connections: number;
}

/** If the broker also hangs up on the state connection within this time, an event is not the cause. */
const COMMON_CAUSE_MS = 1_000;

/** Whether the broker hung up on the event connection alone. */
export async function wasAlone(before: StateConnection, state: () => StateConnection): Promise<boolean> {
  await new Promise(resolve => setTimeout(resolve, COMMON_CAUSE_MS).unref());
  const now = state();
  return now.isConnected && before.isConnected && now.connections === before.connections;
}
