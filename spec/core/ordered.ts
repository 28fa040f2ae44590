/** Messages and orders for the specs of merge chains. */

import { parseMergeChain } from '../../lib/core/merge-chain.ts';
import { compileMergeChain, type Decoders, type MessageOrder } from '../../lib/core/merge-order.ts';
import type { Message } from '../../lib/core/message.ts';
import type { Payload } from '../../lib/core/payload.ts';
import { packProperties } from '../../lib/protocol/properties.ts';

export function message(payload: Payload, time: number, properties: string | undefined = ''): Message {
  const version = { time, counter: 0, replica: 'a' };
  return {
    payload,
    properties,
    version,
    origin: 0,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
}

export function orderOf(text: string, decoders: Decoders): MessageOrder {
  const parsed = parseMergeChain(text);
  if ('fault' in parsed) throw new Error(parsed.fault.kind);
  return compileMergeChain(parsed.chain, decoders);
}

/** User properties, packed as a message has them. */
export function properties(...user: [name: string, value: string | string[]][]): string {
  return packProperties({ userProperties: Object.fromEntries(user) });
}
