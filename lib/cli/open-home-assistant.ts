/** The device of Home Assistant, if MQTTREP_HOMEASSISTANT is set. */

import type { Config } from '../config/config.ts';
import { packageVersion } from '../package-version.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { Replicator } from '../supervisor/replicator.ts';

export async function openHomeAssistant(
  { homeAssistant, controlTopic = CONTROL_PREFIX }: Config,
  replicator: Replicator,
): Promise<{ readonly close: () => void } | undefined> {
  if (homeAssistant === undefined) return undefined;
  // Imported here, so that it costs no memory if it is not used.
  const { HomeAssistant } = await import('../status/home-assistant.ts');
  const device = new HomeAssistant({
    replicator,
    names: homeAssistant,
    controlPrefix: controlTopic,
    version: packageVersion(),
  });
  device.start();
  return device;
}
