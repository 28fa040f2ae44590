/** `mqttrep confirm-deletions BROKER`: tells a running mqttrep what a person decides about the deletions that it holds. */

import type { DecidedDeletions } from '../status/api.ts';
import { EXIT } from './exit-codes.ts';
import { statusAddress } from './status-address.ts';
import { askJson, NoStatus } from './status-client.ts';

export interface ConfirmOptions {
  readonly broker: string;
  readonly envFile: string | undefined;
  /** Instead of what the environment says. */
  readonly url: string | undefined;
  readonly refuses: boolean;
}

export async function confirmDeletions({ broker, envFile, url, refuses }: ConfirmOptions): Promise<number> {
  const address = statusAddress(envFile, url);
  if (typeof address === 'number') return address;
  try {
    const path = `/api/v1/brokers/${encodeURIComponent(broker)}/deletions/${refuses ? 'refuse' : 'confirm'}`;
    const { topics } = await askJson<DecidedDeletions>(address, 'POST', path);
    process.stdout.write(`${said(broker, topics, refuses)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof NoStatus)) throw error;
    process.stderr.write(`mqttrep: ${error.message}\n`);
    return error.kind === 'unavailable' ? EXIT.unavailable : EXIT.failure;
  }
}

function said(broker: string, topics: number, refuses: boolean): string {
  if (topics === 0) return `${broker}: no deletion is held`;
  const what = topics === 1 ? '1 topic' : `${topics} topics`;
  return refuses
    ? `${broker} is given ${what} again`
    : `${what} that ${broker} lacks: deleted at the other brokers`;
}
