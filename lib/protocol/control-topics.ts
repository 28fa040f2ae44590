/**
 * The topics of mqttrep itself, all under one prefix and never replicated:
 * `{prefix}/{replica id}/{purpose}/{broker}`.
 */

export type Purpose = 'marker' | 'replay' | 'probe';

export function controlTopic(prefix: string, replica: string, purpose: Purpose, broker: string): string {
  return `${prefix}/${replica}/${purpose}/${broker}`;
}
