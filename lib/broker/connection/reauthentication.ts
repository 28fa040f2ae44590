/**
 * Re-authentication of MQTT 5 (§4.12.1): the client sends AUTH with new data, and the connection stands. mqttrep answers no
 * challenge, so the data must be all that the method needs, such as a token.
 */

import { type MqttClient, ReasonCodes } from 'mqtt';
import { generate } from 'mqtt-packet';
import { withTimeout } from '../timing/with-timeout.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** Reason codes of AUTH (§3.15.2.1). */
const SUCCESS = 0x00;
const RE_AUTHENTICATE = 0x19;

const AUTH_TIMEOUT_MS = 10_000;

/**
 * A function that sends AUTH and resolves with undefined when the broker has accepted it, otherwise with the reason. Undefined if
 * the connection has no authentication method.
 * @param closed resolves with the reason when the connection has ended
 */
export function reauthentication(
  client: MqttClient,
  { options, protocolVersion }: Pick<ConnectionOptions, 'options' | 'protocolVersion'>,
  closed: Promise<string>,
): ((secret: string) => Promise<string | undefined>) | undefined {
  const { authenticationMethod } = (options['properties'] ?? {}) as { authenticationMethod?: unknown };
  if (protocolVersion !== 5 || typeof authenticationMethod !== 'string') return undefined;
  return async secret => {
    const answered = new Promise<string | undefined>(resolve => {
      client.handleAuth = ({ reasonCode = SUCCESS }, done) => {
        const words = ReasonCodes[reasonCode as keyof typeof ReasonCodes] ?? 'it wants to know more';
        resolve(reasonCode === SUCCESS ? undefined : `${words}, reason code ${reasonCode}`);
        done();
      };
    });
    const properties = { authenticationMethod, authenticationData: Buffer.from(secret) };
    const packet = { cmd: 'auth', reasonCode: RE_AUTHENTICATE, properties } as const;
    client.stream.write(generate(packet, { protocolVersion: 5 }));
    const late = `no answer within ${AUTH_TIMEOUT_MS / 1000} s`;
    return withTimeout(Promise.race([answered, closed]), AUTH_TIMEOUT_MS, late);
  };
}
