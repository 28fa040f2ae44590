/**
 * Brokers that hang up on a client that did nothing wrong: aMQTT 0.12 does so on one that connects while another one
 * subscribes, or answers it nothing. Any client would connect again, and so do those of the suite; a broker that hangs up
 * each time is believed.
 */

import { setTimeout as wait } from 'node:timers/promises';

/** How often what the broker hung up on, or did not answer, is tried. */
const attempts = 8;

/** Milliseconds before the second attempt; before each further one as much longer. */
const pauseMs = 100;

/** What MQTT.js and the clients of the suite say of a connection that is gone. */
const sayings: readonly string[] = ['Connection closed', "Couldn't connect to server", 'not connected'];

/** The broker has not answered in time, though it should have, and the client has hung up. */
export class Unanswered extends Error {}

/** Acts, and again where the broker hung up, or has not answered. What is done must bear being done twice. */
export async function unlessHungUp<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt === attempts || !isHangUp(error)) throw error;
    }
    await wait(attempt * pauseMs);
  }
}

function isHangUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error instanceof Unanswered ||
    sayings.includes(error.message) ||
    (error as NodeJS.ErrnoException).code === 'ECONNRESET'
  );
}
