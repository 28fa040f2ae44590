/** A restart of a broker that keeps sessions. Moquette 0.17 does not always start again with what it has kept. */

import type { InteropBroker } from '../makes/make.ts';

/** Returns whether the broker started with its data; if not, it has started without. */
export async function restart(broker: InteropBroker): Promise<boolean> {
  await broker.stop();
  const isStarted = await broker.start().then(
    () => true,
    () => false,
  );
  if (isStarted) return true;
  await broker.kill();
  broker.wipe();
  await broker.start();
  return false;
}
