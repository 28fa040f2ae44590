/** Learns what a broker does with a session whose client returns repeatedly while another client goes on writing. */

import { setTimeout as wait } from 'node:timers/promises';
import type { SessionClient } from './session-client.ts';

const RETURNS = 6;
const AWAY_MS = 300;
const PRESENT_MS = 300;

/** Some 400 messages a second: some 100 are kept while the client is away, and fewer than any broker's queue takes. */
const PAUSE_MS = 2;

/** Publishes without an acknowledgement: a Receive Maximum may be 10. */
const IN_FLIGHT = 8;

/** Nothing more comes after so long. */
const QUIET_MS = 3_000;

/** Some brokers send again what has no acknowledgement only after 30 s. */
const LATE_MS = 45_000;

/** A broker may hang up on a client that returns, as aedes does now and then. The client returns then, as after a cut. */
const MAX_HANG_UPS = 10;

export interface InTraffic {
  /** The first copies come in the order in which they were written. */
  readonly isOrdered: boolean;
  readonly isComplete: boolean;
}

/**
 * @param open a connection of a client whose session the broker has already, and which acknowledges all that it gets
 * @param publish resolves at the acknowledgement
 */
export async function returnInTraffic(
  open: () => Promise<SessionClient>,
  publish: (payload: string) => Promise<void>,
): Promise<InTraffic> {
  const clients: SessionClient[] = [];
  const ending = new AbortController();
  const [written] = await Promise.all([write(publish, ending.signal), comeAndGo(open, clients, ending)]);
  await readRest(open, clients, written);
  await clients.at(-1)?.end();
  const numbers = firstCopies(clients);
  return {
    isOrdered: numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)),
    isComplete: numbers.length === written,
  };
}

/** Ascending numbers until the signal; returns how many. */
async function write(publish: (payload: string) => Promise<void>, signal: AbortSignal): Promise<number> {
  const inFlight = new Set<Promise<void>>();
  let count = 0;
  for (; !signal.aborted; count++) {
    const sent = publish(String(count)).then(() => {
      inFlight.delete(sent);
    });
    // One that failed stays, and is told of below.
    sent.catch(() => undefined);
    inFlight.add(sent);
    if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
    await wait(PAUSE_MS);
  }
  await Promise.all(inFlight);
  return count;
}

/** All returns are amid the traffic; the last client stays. */
async function comeAndGo(
  open: () => Promise<SessionClient>,
  clients: SessionClient[],
  ending: AbortController,
): Promise<void> {
  try {
    for (let returns = 0; returns < RETURNS; returns++) {
      clients.at(-1)?.cut();
      await wait(AWAY_MS);
      clients.push(await open());
      await wait(PRESENT_MS);
    }
  } finally {
    ending.abort();
  }
}

async function readRest(
  open: () => Promise<SessionClient>,
  clients: SessionClient[],
  written: number,
): Promise<void> {
  for (let hangUps = 0; hangUps < MAX_HANG_UPS; hangUps++) {
    const last = clients.at(-1);
    for (const quietMs of [QUIET_MS, LATE_MS])
      if (firstCopies(clients).length < written) await last?.read(Number.POSITIVE_INFINITY, quietMs);
    if (firstCopies(clients).length === written || last?.isOpen === true) return;
    clients.push(await open());
  }
}

/** The numbers in the order in which they came, over all connections. */
function firstCopies(clients: readonly SessionClient[]): number[] {
  return [...new Set(clients.flatMap(({ delivered }) => delivered.map(({ payload }) => Number(payload))))];
}
