/** How a user fixes a connection that failed at the proxy. */

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

const otherKind = (config: string) =>
  `check that it is a proxy of this kind: \`proxy\` in ${config} begins with socks5:// or with http://`;

const FIXES: Readonly<Record<ProxyProblem, (name: string, config: string) => string>> = {
  unreachable: (_, config) =>
    `check that the proxy runs and accepts this machine, and the host and port of \`proxy\` in ${config}`,
  silence: (_, config) => otherKind(config),
  protocol: (_, config) => otherKind(config),
  credentials: (_, config) => `check the user name and password in \`proxy\` of ${config}`,
  forbidden: name =>
    `have the proxy permit that host and port (Squid permits CONNECT only to its \`SSL_ports\`), or correct MQTTREP_CLIENT_${name}`,
  target: name =>
    `check the host and port in MQTTREP_CLIENT_${name}, and that the proxy has a route to the broker; the proxy looks up the name`,
};

/** @param name of the broker; undefined if the code is not of a proxy */
export function proxyAdvice(networkCode: string | undefined, name: string): string | undefined {
  const problem = (Object.keys(PROXY_CODES) as ProxyProblem[]).find(
    each => PROXY_CODES[each] === networkCode,
  );
  return problem === undefined ? undefined : FIXES[problem](name, `MQTTREP_CONFIG_${name}`);
}
