/** Which versions of MQTT a broker accepts, and what it does at the others. */

import { setTimeout as wait } from 'node:timers/promises';
import mqtt, { type IConnackPacket, type MqttClient } from 'mqtt';
import { nanoid } from 'nanoid';
import type { Answer } from './limits.ts';
import type { Access, Protocol } from './makes/make.ts';

/** Milliseconds after which a broker that has not answered does not answer. */
export const silenceMs = 3000;

export interface Attempt {
  readonly answer: Answer;
  readonly connack?: IConnackPacket;
}

/**
 * Connects, and publishes once below `topic` where MQTT 5 is accepted. Silence may be that of a busy machine, so that
 * it is tried twice.
 */
export async function tryVersion(access: Access, protocol: Protocol, topic: string): Promise<Attempt> {
  const first = await tryOnce(access, protocol, topic);
  return first.answer === 'is silent' ? tryOnce(access, protocol, topic) : first;
}

async function tryOnce({ url, options }: Access, protocolVersion: Protocol, topic: string): Promise<Attempt> {
  const client = mqtt.connect(url, {
    ...options,
    protocolVersion,
    protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
    clientId: `try${nanoid(12).replaceAll(/[-_]/g, 'x')}`,
    reconnectPeriod: 0,
    connectTimeout: silenceMs,
  });
  const start = performance.now();
  try {
    return await new Promise((resolve, reject) => {
      client.once('connect', async connack => {
        if (protocolVersion === 5 && !(await answersProperties(client, topic)))
          resolve({ answer: 'breaks the protocol', connack });
        else resolve({ answer: 'accepts', connack });
      });
      client.once('error', error => {
        const { code } = error as { code?: unknown };
        if (typeof code === 'number') resolve({ answer: `refuses with code ${hex(code)}` });
        else if (error.message === 'connack timeout') resolve({ answer: 'is silent' });
        else if (code === 'ECONNRESET' || code === 'EPIPE') resolve({ answer: 'hangs up' });
        // What is answered in another form is answered, but in vain.
        else if (code === undefined && !client.connected) resolve({ answer: 'hangs up' });
        else if (code === undefined) resolve({ answer: 'breaks the protocol' });
        else reject(error);
      });
      client.once('close', () =>
        resolve({ answer: performance.now() - start >= silenceMs - 100 ? 'is silent' : 'hangs up' }),
      );
    });
  } finally {
    client.end(true);
  }
}

/** Whether a message with user properties is answered, by whatever MQTT 5 allows. */
async function answersProperties(client: MqttClient, topic: string): Promise<boolean> {
  const isBroken = new Promise<boolean>(resolve => {
    client.once('error', error => resolve((error as { code?: unknown }).code === undefined));
  });
  const isAnswered = new Promise<boolean>(resolve => {
    const options = { qos: 1, properties: { userProperties: { by: 'suite' } } } as const;
    client.publish(topic, 'x', options, () => resolve(true));
  });
  return Promise.race([isAnswered, isBroken.then(broken => !broken), wait(silenceMs, true)]);
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}
