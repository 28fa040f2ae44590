/** The limits of a broker in words: only those that it has. */

import type { BrokerLimits, BrokerStatus } from '../../api.ts';
import { count, counted } from './figures.ts';

/** @param sizeOf bytes as a short text */
export function limitsSentences(limits: BrokerLimits, sizeOf: (bytes: number) => string): string[] {
  const { maxQos, receiveMaximum, maximumPacketSize, maxLevels, maxTopicLength, maxFilters } = limits;
  return [
    maxQos === null ? '' : `QoS ${maxQos} at most`,
    receiveMaximum === null ? '' : `${count(receiveMaximum)} publishes in flight`,
    maximumPacketSize === null ? '' : `packets of ${sizeOf(maximumPacketSize)}`,
    maxLevels === null ? '' : `${count(maxLevels)} levels in a topic`,
    maxTopicLength === null ? '' : `topics of ${sizeOf(maxTopicLength)}`,
    maxFilters === null ? '' : `${count(maxFilters)} filters in one SUBSCRIBE`,
    limits.retains ? '' : 'no retained messages',
    limits.acceptsWill ? '' : 'no will',
    limits.acceptsControlTopics ? '' : 'no control topics of mqttrep',
    limits.acceptsSecondConnection ? '' : 'no second connection, so no probes and no comparison',
  ].filter(sentence => sentence !== '');
}

/** The rate that the configuration limits the broker to; empty without one. */
export function rateSentence(
  { maxRate, maxBytesPerSecond }: Pick<BrokerStatus, 'maxRate' | 'maxBytesPerSecond'>,
  sizeOf: (bytes: number) => string,
): string {
  const parts = [
    maxRate === null ? '' : counted(maxRate, 'message'),
    maxBytesPerSecond === null ? '' : sizeOf(maxBytesPerSecond),
  ].filter(part => part !== '');
  return parts.length === 0 ? '' : `at most ${parts.join(' and ')} a second`;
}
