/** A process that is a Mosca: `node mosca-server.js FOLDER PORT`. It keeps retained messages in memory. */

import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', port = ''] = process.argv.slice(2);

interface Mosca {
  Server: new (settings: object) => unknown;
  persistence: { Memory: unknown };
}

const mosca = createRequire(join(folder, 'package.json'))('mosca') as Mosca;

new mosca.Server({
  host: '127.0.0.1',
  port: Number(port),
  persistence: { factory: mosca.persistence.Memory },
});
