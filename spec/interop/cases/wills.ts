/**
 * The will leaves in CONNECT. On a websocket CONNECT has to leave in one frame, and none may be empty: mosquitto from 2.1 on
 * takes an empty frame for the end of what it reads.
 */

import { startMqttrep } from '../../support/mqttrep-process.ts';
import { type Pair, patience } from '../pair.ts';
import { configOf, withoutTopics } from '../pair-environment.ts';
import { settled } from '../quiescence.ts';

const WILLS = [
  ['with a payload', 'gone'],
  ['with an empty payload, which deletes', ''],
] as const;

/** Only where the broker is reached by a websocket. */
export function wills(pair: () => Pair): void {
  for (const [which, payload] of WILLS) {
    it(`bears a will ${which}, and the broker publishes it when mqttrep is killed`, async () => {
      // What is written in the midst of the first contact may be dropped by its broker.
      await settled(pair());
      const topic = pair().topic(`will/${payload || 'empty'}`);
      await pair().write(pair().here, topic, 'before');
      await pair().both(topic, 'before');
      await killWithWill(pair(), { topic, payload, qos: 0, retain: true });
      await pair().both(topic, payload === '' ? undefined : payload);
    });
  }
}

/** By a second mqttrep with topics of its own, so that the first can run on. */
async function killWithWill(pair: Pair, will: Readonly<Record<string, unknown>>): Promise<void> {
  const second = startMqttrep({
    ...withoutTopics(pair),
    MQTTREP_CONFIG_HERE: configOf(pair, pair.here, { will }),
    MQTTREP_CONTROL_TOPIC: `${pair.prefix}/control-of-second`,
    MQTTREP_TOPIC_will: `${pair.prefix}/will/#`,
  });
  try {
    await second.line(` ${pair.here.name}: connected with`, patience);
  } finally {
    await second.stop('SIGKILL');
  }
}
