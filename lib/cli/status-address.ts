/** The address of the running mqttrep: as its own configuration says, or as the user says by `--url`. */

import { httpUrl } from '../config/http-values.ts';
import { EXIT } from './exit-codes.ts';
import { loadHttp, printProblems, type Source } from './load-config.ts';
import type { Address } from './status-client.ts';

/** The address, or the exit code if there is none. */
export async function statusAddress(source: Source, url: string | undefined): Promise<Address | number> {
  const loaded = await loadHttp(source);
  if (loaded.errors.length > 0) {
    printProblems({ errors: loaded.errors, warnings: [] });
    return EXIT.config;
  }
  const { http } = loaded;
  if (url !== undefined) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') {
      return { url: withoutSlash(url), token: loaded.token };
    }
    process.stderr.write(
      `mqttrep: --url '${url}' is not an address; write one such as http://127.0.0.1:9280\n`,
    );
    return EXIT.usage;
  }
  if (http === undefined || http.port === 0) {
    const why = http === undefined ? 'is off' : 'lets mqttrep choose any port';
    process.stderr.write(`mqttrep: MQTTREP_HTTP ${why}; name the address by --url\n`);
    return EXIT.unavailable;
  }
  // A server that listens at all addresses is reached on loopback.
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[http.host] ?? http.host;
  return { url: withoutSlash(httpUrl({ host, port: http.port })), token: loaded.token };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
