/**
 * A process that connects to a broker, subscribes, and tells how that ended, and how much memory it took at most:
 *
 *     node measured-connection.js URL LEVEL
 */

import { Connection } from '../../../lib/broker/connection/connection.ts';
import { DEFAULT_BOUNDS } from '../../../lib/config/bounds.ts';

export interface Measured {
  readonly reason: string;
  readonly isGarbled: boolean;
  /** Bytes by which the process grew. */
  readonly grew: number;
}

const [url = '', level] = process.argv.slice(2);
const before = process.memoryUsage.rss();
let peak = before;
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);

async function run(): Promise<{ reason: string; isGarbled: boolean }> {
  try {
    const connection = await Connection.open({
      url,
      options: {},
      clientId: 'measured',
      protocolVersion: level === '5' ? 5 : 4,
      maxQos: 2,
      largestPayload: DEFAULT_BOUNDS.payload,
    });
    connection.receive((_packet, done) => done());
    const how = { qos: 2, replay: true, retainAsPublished: true } as const;
    void connection.subscribe(['#'], how).catch(() => undefined);
    return { reason: await connection.closed, isGarbled: connection.hasProtocolError };
  } catch (error) {
    return { reason: (error as Error).message, isGarbled: false };
  }
}

const { reason, isGarbled } = await run();
clearInterval(timer);
const measured: Measured = { reason, isGarbled, grew: Math.max(peak, process.memoryUsage.rss()) - before };
process.stdout.write(JSON.stringify(measured), () => process.exit(0));
