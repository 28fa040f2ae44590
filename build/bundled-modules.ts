/**
 * What the bundle takes of the packages, so that a thread holds little code that it never runs. Each thread has a heap of its own,
 * and so its own copy of all code that it loads.
 *
 * - MQTT.js is written for readable-stream, the streams of Node.js as a package. In Node.js the streams of Node.js take its place.
 * - MQTT.js loads its modules for websockets, SOCKS proxies and timers of browsers at once. In the bundle they load at first use.
 * - Node.js would take RxJS in its older format (CommonJS), of which no bundler can leave out what is not used.
 */

import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

const RXJS = './node_modules/rxjs/dist/esm/index.js';

const OF_MQTTJS = /node_modules\/(?:mqtt|bl)\//;

/** The files of MQTT.js that need other modules seldom or never, and these modules. */
const SELDOM_NEEDED: Readonly<Record<string, readonly string[]>> = {
  'connect/tcp': ['./socks'],
  'connect/tls': ['./socks', 'tls'],
  'connect/ws': ['ws'],
  'get-timer': ['worker-timers'],
};

export const aliases = { rxjs: RXJS };

export const littleCode: Plugin = {
  name: 'little-code',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^readable-stream$/ }, ({ importer }) =>
      OF_MQTTJS.test(importer) ? { path: 'node:stream', external: true } : undefined,
    );
    for (const [file, modules] of Object.entries(SELDOM_NEEDED)) {
      onLoad({ filter: new RegExp(`/node_modules/mqtt/build/lib/${file}\\.js$`) }, ({ path }) => ({
        contents: modules.reduce(requiredAtUse, readFileSync(path, 'utf8')),
      }));
    }
  },
};

/**
 * The source of a CommonJS module that requires another one only where it uses it.
 * @throws if it does not require the module in the way that TypeScript compiles an import
 */
function requiredAtUse(source: string, module: string): string {
  const declaration = new RegExp(
    `^const (\\w+) = ((?:__importDefault\\()?require\\("${module.replace('.', '\\.')}"\\)\\)?);$`,
    'm',
  );
  const [text, name, value] = declaration.exec(source) ?? [];
  if (text === undefined) throw new Error(`MQTT.js does not require ${module} where it did`);
  return source.replace(text, '').replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `(${value})`);
}
