/**
 * Whether mqttrep may write and read under a filter: it publishes one message there that is not retained, and waits for it to
 * come back. Subscribers see that message, so it is sent only if the user asks for it.
 */

import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import type { WriteProbe } from './finding.ts';
import type { Inbox, WaitOptions } from './inbox.ts';

/** The level in place of a wildcard. */
const WRITE_PROBE_LEVEL = 'mqttrep-write-probe';

const LIVE = { replay: false, retainAsPublished: false } as const;

/** A topic under the filter; undefined if the filter is one topic, which may have a value. */
function writeProbeTopic(filter: string): string | undefined {
  const topic = filter
    .split('/')
    .map(level => (level === '+' || level === '#' ? WRITE_PROBE_LEVEL : level))
    .join('/');
  return topic === filter ? undefined : topic;
}

/** A filter under which mqttrep publishes at the broker. */
export interface WrittenFilter {
  readonly filter: string;
  /** Whether mqttrep also subscribes to it there. If not, the account need not have the right to read. */
  readonly isRead: boolean;
}

export async function probeWrite(
  connection: Connection,
  inbox: Inbox,
  { filter, isRead }: WrittenFilter,
  limits: Pick<BrokerSettings, 'maxLevels' | 'maxTopicLength'>,
  wait: WaitOptions,
): Promise<WriteProbe> {
  const topic = writeProbeTopic(filter);
  if (topic === undefined)
    return { filter, outcome: 'not tested', reason: 'it is a single topic, and may have a value' };
  if (topic.split('/').length > limits.maxLevels || Buffer.byteLength(topic) > limits.maxTopicLength)
    return { filter, outcome: 'not tested', reason: `${topic} exceeds maxLevels or maxTopicLength` };
  if (!isRead) return await probeWriteOnly(connection, inbox, { filter, topic }, wait);
  const grants = await connection.subscribe([topic], { qos: 1, ...LIVE });
  try {
    if (grants.some(isRefusal))
      return { filter, outcome: 'not readable', reason: 'the broker refuses the subscription' };
    let isBack = false;
    let refusal: string | undefined;
    inbox.take = packet => {
      if (packet.topic === topic) isBack = true;
    };
    connection.publish(topic, Buffer.from('mqttrep'), { qos: 1, retain: false }, error => {
      refusal = error?.message;
    });
    await inbox.until(() => isBack || refusal !== undefined, wait);
    if (isBack) return { filter, outcome: 'writable', reason: '' };
    if (refusal !== undefined) return { filter, outcome: 'not writable', reason: refusal };
    if (connection.hasEnded)
      return { filter, outcome: 'not writable', reason: 'the broker closed the connection' };
    return { filter, outcome: 'not delivered', reason: 'the message did not come back' };
  } finally {
    if (!connection.hasEnded) await connection.unsubscribe([topic]);
  }
}

/** Without a subscription, the acknowledgement tells whether the account may write; over MQTT 5 only. */
async function probeWriteOnly(
  connection: Connection,
  inbox: Inbox,
  { filter, topic }: { readonly filter: string; readonly topic: string },
  wait: WaitOptions,
): Promise<WriteProbe> {
  if (connection.protocolVersion !== 5) {
    const reason = 'it is not subscribed to, and MQTT 3.1.1 does not tell whether a message was dropped';
    return { filter, outcome: 'not tested', reason };
  }
  let refusal: string | undefined;
  let isAnswered = false;
  connection.publish(topic, Buffer.from('mqttrep'), { qos: 1, retain: false }, error => {
    isAnswered = true;
    refusal = error?.message;
  });
  await inbox.until(() => isAnswered, wait);
  if (isAnswered && refusal === undefined) return { filter, outcome: 'write-only', reason: '' };
  return {
    filter,
    outcome: 'not writable',
    reason: refusal ?? 'the broker does not acknowledge the message',
  };
}
