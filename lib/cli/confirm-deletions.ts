/** `mqttrep confirm-deletions BROKER`: sends the decision of a person about held deletions to a running mqttrep. */

import type { DecidedDeletions } from '../status/api.ts';
import { EXIT } from './exit-codes.ts';
import type { Source } from './load-config.ts';
import { statusAddress } from './status-address.ts';
import { askJson, exitCodeOf } from './status-client.ts';

export interface ConfirmOptions {
  readonly broker: string;
  readonly source: Source;
  /** Instead of the address in the environment. */
  readonly url: string | undefined;
  readonly refuses: boolean;
}

export async function confirmDeletions({ broker, source, url, refuses }: ConfirmOptions): Promise<number> {
  const address = await statusAddress(source, url);
  if (typeof address === 'number') return address;
  try {
    const path = `/api/v1/brokers/${encodeURIComponent(broker)}/deletions/${refuses ? 'refuse' : 'confirm'}`;
    const { topics } = await askJson<DecidedDeletions>(address, 'POST', path);
    process.stdout.write(`${outcome(broker, topics, refuses)}\n`);
    return EXIT.ok;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function outcome(broker: string, topics: number, refuses: boolean): string {
  if (topics === 0) return `${broker}: mqttrep holds no deletions`;
  const what = topics === 1 ? '1 topic' : `${topics} topics`;
  return refuses
    ? `${broker}: mqttrep publishes ${what} to it again`
    : `${broker}: mqttrep deletes ${what} at the other brokers`;
}
