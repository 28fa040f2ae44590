/** Where the running mqttrep is asked: as its own configuration says, or as the user does. */

import { EXIT } from './exit-codes.ts';
import { loadHttp, printProblems } from './load-config.ts';
import type { Address } from './status-client.ts';

/** The address to ask, or the exit code when there is none. */
export function statusAddress(envFile: string | undefined, url: string | undefined): Address | number {
  const loaded = loadHttp(envFile);
  if (loaded.errors.length > 0) {
    printProblems({ config: undefined, errors: loaded.errors, warnings: [] });
    return EXIT.config;
  }
  const { http } = loaded;
  if (url !== undefined) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') {
      return { url: url.replace(/\/+$/, ''), token: loaded.token };
    }
    process.stderr.write(`mqttrep: --url '${url}' is no address; write one such as http://127.0.0.1:9280\n`);
    return EXIT.usage;
  }
  if (http === undefined || http.port === 0) {
    const why = http === undefined ? 'is off' : 'leaves the port open';
    process.stderr.write(`mqttrep: MQTTREP_HTTP ${why}: say whom to ask by --url\n`);
    return EXIT.unavailable;
  }
  // Who listens everywhere is reached on loopback.
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[http.host] ?? http.host;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`, token: loaded.token };
}
