/**
 * Every wait for an answer of a broker ends: each answer is lost once, at each point of a connection's life, and in bounded
 * time all is as if it had not been lost.
 *
 * For each loss there is a broker actor of its own, which reaches a mosquitto through a relay that loses one answer;
 * those of one type run at the same time. The spec stands in for the reconciler: in each session it publishes, probes, and asks for a
 * full scan, and it cuts the link now and then until the answer was due.
 */

import { TestClient } from '../support/client.ts';
import type { BrokerPacket } from '../support/limits/broker-limits.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { Loss } from './loss.ts';

/** The first answer of a type is lost, the second, and so on up to this one. */
const LOSSES = 12;

const ANSWERS: readonly BrokerPacket[] = [
  'connack',
  'suback',
  'unsuback',
  'puback',
  'pubrec',
  'pubcomp',
  'pingresp',
];

/** Types of answers that are tried at the same time. */
const AT_ONCE = 5;

/** Tries all losses of one type, each at an actor of its own. Returns the failures. */
async function tryLosses(answer: BrokerPacket, protocolVersion: 4 | 5): Promise<string[]> {
  const broker = await startMosquitto();
  const client = await TestClient.connect(broker.url);
  await client.subscribe('+/out/#', { qos: 0 });
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: LOSSES }, async (_, index) => {
      const loss = await Loss.start(broker, client, answer, index + 1, protocolVersion);
      try {
        await loss.run();
        await loss.stop();
      } catch (error) {
        failures.push((error as Error).message);
        await loss.stop().catch(() => undefined);
      }
    }),
  );
  await client.end();
  await broker.stop();
  return failures;
}

/** Begins each of the works when there is room for it. Returns their results in order. */
function withRoom<T>(room: number, works: readonly (() => Promise<T>)[]): readonly Promise<T>[] {
  const lanes: Promise<unknown>[] = [];
  return works.map((work, index) => {
    const before = lanes[index % room] ?? Promise.resolve();
    const done = before.then(work, work);
    lanes[index % room] = done;
    return done;
  });
}

const CASES = ([4, 5] as const).flatMap(protocolVersion =>
  ANSWERS.map(answer => ({ answer, protocolVersion })),
);

describe('A broker that loses one answer is served as before in bounded time', function () {
  this.timeout(0);

  let tried: readonly Promise<string[]>[];

  before(function () {
    requireMosquitto(this);
    tried = withRoom(
      AT_ONCE,
      CASES.map(
        ({ answer, protocolVersion }) =>
          () =>
            tryLosses(answer, protocolVersion),
      ),
    );
    // Each is looked at by its own spec, when it is its turn.
    for (const one of tried) one.catch(() => undefined);
  });

  for (const [index, { answer, protocolVersion }] of CASES.entries()) {
    const protocol = protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    it(`over ${protocol}, whichever ${answer.toUpperCase()} up to number ${LOSSES} is lost`, async () => {
      const failures = (await tried[index]) ?? ['it was not tried'];
      if (failures.length > 0) throw new Error(failures.join('\n'));
    });
  }
});
