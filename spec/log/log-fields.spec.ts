/** The fields of a JSON line, taken from the sentence that people read. */

import { expect } from 'chai';
import { fieldsOf } from '../../lib/log/log-fields.ts';
import { environmentOf } from '../cli/command.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';

const isBroker = (name: string) => name === 'OSLO';

describe('the fields of a line of the log', () => {
  for (const [line, fields] of [
    ['OSLO: connected with MQTT 5', { event: 'connected', broker: 'OSLO' }],
    [
      'OSLO: cannot connect (connect ECONNREFUSED 127.0.0.1:1); nothing listens there; retrying in 0.7 s',
      { event: 'cannot_connect', broker: 'OSLO', reason: 'connect ECONNREFUSED 127.0.0.1:1' },
    ],
    [
      'OSLO: connection lost (the broker disconnected (reason code 0x8e; another client)); retrying in 1.0 s',
      {
        event: 'connection_lost',
        broker: 'OSLO',
        reason: 'the broker disconnected (reason code 0x8e; another client)',
      },
    ],
    [
      'OSLO: the broker does not take "home/\\"x\\"" (Publish error: Not authorized): permit the account of mqttrep to write it; mqttrep retries from time to time',
      {
        event: 'topic_refused',
        broker: 'OSLO',
        topic: 'home/"x"',
        reason: 'Publish error: Not authorized',
      },
    ],
    [
      'OSLO: the broker does not take 1995 more messages, such as "many/5" (Publish error: Not authorized); mqttrep retries',
      {
        event: 'topics_refused',
        broker: 'OSLO',
        topic: 'many/5',
        reason: 'Publish error: Not authorized',
      },
    ],
    [
      'OSLO: the broker refuses the subscription to "secret/#" (reason code 128): permit',
      { event: 'subscription_refused', broker: 'OSLO', topic: 'secret/#', reason: 'reason code 128' },
    ],
    ['SIGTERM: stopping', { event: 'stopping' }],
    ['stopped', { event: 'stopped' }],
    [
      'MQTTREP_CONFIG_OSLO: neither mqttrep nor MQTT.js knows the option `x`; remove it',
      { event: 'configuration', reason: 'neither mqttrep nor MQTT.js knows the option `x`' },
    ],
    ['PARIS: something new', { event: 'message' }],
  ] as const) {
    it(`of: ${line.slice(0, 70)}`, () => expect(fieldsOf(line, isBroker)).to.deep.equal(fields));
  }

  it('are in each line of a running mqttrep', async function () {
    this.timeout(60_000);
    const brokers = { OSLO: await startAedes(), PARIS: { url: `mqtt://127.0.0.1:${await freePort()}` } };
    const mqttrep = startMqttrep(environmentOf(brokers, { MQTTREP_LOG_FORMAT: 'json' }));
    await mqttrep.line('"event":"connected"');
    await mqttrep.line('"event":"cannot_connect"');
    const client = await TestClient.connect(brokers.OSLO.url);
    await client.end();
    await mqttrep.stop();
    const lines = mqttrep.stderr
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, string>);
    for (const line of lines) {
      expect(line).to.include.keys('timestamp', 'level', 'message', 'event');
      expect(line['event'], line['message']).not.to.equal('message');
    }
    expect(lines.find(({ event }) => event === 'cannot_connect')).to.include({ broker: 'PARIS' });
    await brokers.OSLO.stop();
  });
});
