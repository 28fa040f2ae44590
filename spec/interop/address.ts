/** What the address of a broker says, and what it leaves out. */

import { isIP } from 'node:net';

/** The name that its certificate is for, though mqttrep knows it by the address of the link. */
export function nameOf(url: string): { servername?: string } {
  const { protocol, hostname } = new URL(url);
  return /^(mqtt|ws)s:$/.test(protocol) && isIP(hostname) === 0 ? { servername: hostname } : {};
}

export function defaultPort(url: string): number {
  const ports: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };
  return ports[new URL(url).protocol] ?? 1883;
}
