/** Under which identity mqttrep delivers events at a broker. */

import type { ControlTopics } from '../../protocol/control-topics.ts';

export interface EventIdentity {
  /** The replica. In the stamp of each event that we publish. */
  readonly from: string;
  /** Names the event log. */
  readonly node: string;
  readonly clientId: string;
  /** Undefined where mqttrep may write no control topic. */
  readonly topics: ControlTopics | undefined;
}
