/**
 * The settings of the status server: `MQTTREP_HTTP`, `MQTTREP_HTTP_{key}`. They depend on each other, so `http.ts` makes one
 * `HttpConfig` of them.
 */

import {
  DEFAULT_HTTP_PORT,
  MIN_TOKEN_CHARACTERS,
  parseHosts,
  parseHttpAddress,
  parseToken,
} from './http-values.ts';
import { BOOLEAN, setting } from './setting.ts';
import { parseBoolean } from './values.ts';

export const HTTP_SETTINGS = {
  address: setting({
    key: 'HTTP',
    value: '`[host:]port`, or `off`',
    parse: parseHttpAddress,
    default: String(DEFAULT_HTTP_PORT),
    help: 'Where the status server listens: the page, the API, `/metrics` and the health checks. Without a host it listens on loopback.',
    reload: 'restart',
  }),
  token: setting<string>({
    key: 'HTTP_TOKEN',
    value: `visible ASCII characters, ${MIN_TOKEN_CHARACTERS} or more`,
    parse: parseToken,
    unset: 'none; required if `MQTTREP_HTTP` has another host than loopback',
    help: 'The token that clients of the status server must show.',
    reload: 'restart',
    isSecret: true,
    inFile: 'the token',
  }),
  hosts: setting<readonly string[]>({
    key: 'HTTP_HOSTS',
    value: 'host names, comma separated',
    parse: parseHosts,
    unset: 'none',
    help: 'Further names of this machine, such as that of a container or a proxy. Without a token, the status server answers only requests to a name of this machine.',
    reload: 'restart',
    show: hosts => hosts.join(', '),
  }),
  showsPayloads: setting<boolean>({
    key: 'HTTP_PAYLOADS',
    value: BOOLEAN,
    parse: parseBoolean,
    unset: '`true` on loopback, else `false`',
    help: 'Whether the status server shows payloads.',
    reload: 'restart',
  }),
  allowsActions: setting<boolean>({
    key: 'HTTP_ACTIONS',
    value: BOOLEAN,
    parse: parseBoolean,
    default: 'false',
    help: 'Whether clients that show the token may compare, retry, pause and resume a broker, on the page and by POST. Needs `MQTTREP_HTTP_TOKEN`.',
    reload: 'restart',
  }),
} as const;
