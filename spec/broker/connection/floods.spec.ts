/** However much a broker sends, the memory of a connection is bounded, and it tells why it ends. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import {
  FLOOD_BYTES,
  type Flood,
  FloodingBroker,
  hugePacket,
  malformedLength,
  unreleased,
} from '../../support/flooding-broker.ts';
import type { Measured } from './measured-connection.ts';

const SCRIPT = fileURLToPath(new URL('./measured-connection.js', import.meta.url));

/** A process that reads on for ever is killed. */
const KILL_OPTIONS = { timeout: 40_000, killSignal: 'SIGKILL' } as const;

/** A process without a bound reads the whole flood. */
const MAX_MEMORY_BYTES = 500 * 2 ** 20;

describe('Connection to a broker that floods it', function () {
  this.timeout(60_000);
  let broker: FloodingBroker | undefined;

  afterEach(async () => {
    await broker?.close();
    broker = undefined;
  });

  async function flooded(level: 4 | 5, flood: Flood): Promise<Measured> {
    broker = await FloodingBroker.start(flood);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [SCRIPT, broker.url, String(level)],
      KILL_OPTIONS,
    );
    const measured = JSON.parse(stdout) as Measured;
    expect(measured.grew, 'bytes of memory').to.be.below(MAX_MEMORY_BYTES);
    expect(broker.sent, 'bytes that were taken').to.be.below(FLOOD_BYTES / 2);
    return measured;
  }

  for (const level of [4, 5] as const) {
    const version = level === 5 ? 'MQTT 5' : 'MQTT 3.1.1';

    it(`ends at a huge CONNACK, over ${version}`, async () => {
      const { reason } = await flooded(level, { at: 'CONNECT', chunks: () => hugePacket(0x20) });
      expect(reason).to.equal('the broker broke the protocol (a CONNACK of 268435455 bytes)');
    });

    it(`ends at a huge SUBACK, over ${version}`, async () => {
      const measured = await flooded(level, { at: 'SUBSCRIBE', chunks: () => hugePacket(0x90) });
      expect(measured.reason).to.equal('the broker broke the protocol (a SUBACK of 268435455 bytes)');
      expect(measured.isGarbled).to.equal(true);
    });

    it(`ends at a length of more than four bytes, over ${version}`, async () => {
      const { reason } = await flooded(level, { at: 'SUBSCRIBE', chunks: () => malformedLength(0x30) });
      expect(reason).to.match(/broke the protocol \(a PUBLISH whose length has more than four bytes\)/);
    });
  }

  it('ends over MQTT 3.1.1 when unreleased messages of QoS 2 take too much memory', async () => {
    const chunks = () => unreleased(4, 100_000);
    const { reason, isGarbled } = await flooded(4, { at: 'SUBSCRIBE', chunks });
    expect(reason).to.match(
      /^the broker sent \d+ messages of QoS 2, more than 128 MB, and has not released them$/,
    );
    expect(isGarbled).to.equal(false);
  });

  it('ends over MQTT 5 when there are more unreleased messages of QoS 2 than the Receive Maximum', async () => {
    const { reason } = await flooded(5, { at: 'SUBSCRIBE', chunks: () => unreleased(5, 20_000) });
    expect(reason).to.match(/Receive [Mm]aximum exceeded.* receiveMaximum is 1000/);
  });

  it('ends over MQTT 5 when large unreleased messages of QoS 2 take too much memory', async () => {
    const { reason } = await flooded(5, { at: 'SUBSCRIBE', chunks: () => unreleased(5, 1_000_000) });
    expect(reason).to.contain('has not released them');
  });
});
