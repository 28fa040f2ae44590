/** Where a connection leads to. */

export interface Target {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/** The usual port of a scheme. */
export function usualPort(scheme: string): number | undefined {
  return DEFAULT_PORTS[scheme];
}

/** The host and port that MQTT.js connects to: options of the same name replace parts of the URL. */
export function targetOf({
  url,
  options,
}: {
  readonly url: string;
  readonly options: Readonly<Record<string, unknown>>;
}): Target {
  const parsed = new URL(url);
  const scheme = String(options['protocol'] ?? parsed.protocol).replace(/:$/, '');
  const host = String(options['hostname'] ?? options['host'] ?? parsed.hostname).replace(/^\[|\]$/g, '');
  const port = Number(options['port'] ?? (parsed.port || usualPort(scheme) || 1883));
  return { scheme, host, port };
}
