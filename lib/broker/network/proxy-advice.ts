/** How a user fixes a connection that failed at the proxy. */

import type { BrokerPlaces } from '../../protocol/settings.ts';

export type ProxyProblem = 'unreachable' | 'silence' | 'protocol' | 'credentials' | 'forbidden' | 'target';

/** The `networkCode` of each. */
export const PROXY_CODES: Readonly<Record<ProxyProblem, string>> = {
  unreachable: 'PROXY_UNREACHABLE',
  silence: 'PROXY_SILENCE',
  protocol: 'PROXY_PROTOCOL',
  credentials: 'PROXY_CREDENTIALS',
  forbidden: 'PROXY_FORBIDDEN',
  target: 'PROXY_TARGET',
};

const otherKind = ({ options }: BrokerPlaces) =>
  `check that it is a proxy of this kind: \`proxy\` in ${options} begins with socks5:// or with http://`;

const FIXES: Readonly<Record<ProxyProblem, (places: BrokerPlaces) => string>> = {
  unreachable: ({ options }) =>
    `check that the proxy runs and accepts this machine, and the host and port of \`proxy\` in ${options}`,
  silence: otherKind,
  protocol: otherKind,
  credentials: ({ options }) => `check the user name and password in \`proxy\` of ${options}`,
  forbidden: ({ url }) =>
    `have the proxy permit that host and port (Squid permits CONNECT only to its \`SSL_ports\`), or correct ${url}`,
  target: ({ url }) =>
    `check the host and port in ${url}, and that the proxy has a route to the broker; the proxy looks up the name`,
};

/** Undefined if the code is not of a proxy. */
export function proxyAdvice(networkCode: string | undefined, places: BrokerPlaces): string | undefined {
  const problem = (Object.keys(PROXY_CODES) as ProxyProblem[]).find(
    each => PROXY_CODES[each] === networkCode,
  );
  return problem === undefined ? undefined : FIXES[problem](places);
}
