/** What mqttrep does with each option of MQTT.js in `MQTTREP_CONFIG_{name}`. */

import { expect } from 'chai';
import type { IClientOptions } from 'mqtt';
import { CONNECT_PROPERTIES, MQTTJS_OPTIONS } from '../../lib/config/mqttjs-options.ts';
import { accepted, warningsOf } from './reading.ts';

type OptionName = keyof IClientOptions;
type PropertyName = keyof NonNullable<IClientOptions['properties']>;

/**
 * Every option in the types of MQTT.js, with a value that JSON can hold and that passes the check. The compiler refuses
 * this table if MQTT.js has an option that is missing here.
 */
const SAMPLES: Readonly<Record<OptionName, unknown>> = {
  ALPNProtocols: ['mqtt'],
  auth: 'a:b',
  authPacket: {},
  autoAssignTopicAlias: true,
  autoUseTopicAlias: true,
  binary: true,
  browserBufferSize: 1,
  browserBufferTimeout: 1,
  ca: 'PEM',
  caPaths: 'a',
  cert: 'PEM',
  certPath: 'a',
  clean: true,
  clientId: 'a',
  connectTimeout: 1,
  createWebsocket: 'a',
  customHandleAcks: 'a',
  defaultProtocol: 'mqtt',
  encoding: 'utf8',
  forceNativeWebSocket: true,
  host: 'a',
  hostname: 'a',
  incomingStore: {},
  keepalive: 1,
  key: 'PEM',
  keyPath: 'a',
  log: 'a',
  manualConnect: true,
  messageIdProvider: {},
  my: 'a',
  objectMode: true,
  outgoingStore: {},
  password: 'a',
  path: '/a',
  port: 1,
  properties: {},
  protocol: 'mqtt',
  protocolId: 'MQTT',
  protocolVersion: 5,
  query: {},
  queueQoSZero: true,
  reconnectOnConnackError: true,
  reconnectPeriod: 1,
  rejectUnauthorized: true,
  reschedulePings: true,
  resubscribe: true,
  servername: 'a',
  servers: [{ host: 'a', port: 1 }],
  socksProxy: 'socks5://127.0.0.1',
  socksTimeout: 1,
  subscribeBatchSize: 1,
  timerVariant: 'native',
  transformWsUrl: 'a',
  unixSocket: false,
  username: 'a',
  will: { topic: 'a', payload: 'b' },
  writeCache: true,
  wsOptions: {},
};

const PROPERTY_SAMPLES: Readonly<Record<PropertyName, unknown>> = {
  authenticationData: 'a',
  authenticationMethod: 'a',
  maximumPacketSize: 1,
  receiveMaximum: 1,
  requestProblemInformation: true,
  requestResponseInformation: true,
  sessionExpiryInterval: 1,
  topicAliasMaximum: 1,
  userProperties: {},
};

/** A password is accepted only beside a user name. */
const URL_WITH_NAME = { MQTTREP_CLIENT_oslo: 'mqtt://duck@oslo.example' };

function options(given: Record<string, unknown>) {
  const environment = { ...URL_WITH_NAME, MQTTREP_CONFIG_oslo: JSON.stringify(given) };
  return accepted(environment).brokers[0]?.options ?? {};
}

function warnings(given: Record<string, unknown>): readonly string[] {
  return warningsOf({ MQTTREP_CONFIG_oslo: JSON.stringify(given) });
}

describe('An option of MQTT.js', () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    const isKept = MQTTJS_OPTIONS[name] === 'kept';
    it(`\`${name}\` is ${isKept ? 'kept' : 'ignored, with a warning that says why'}`, () => {
      expect(MQTTJS_OPTIONS, 'the table').to.have.property(name);
      const given = { [name]: sample };
      expect(Object.hasOwn(options(given), name)).to.equal(isKept);
      if (!isKept) expect(warnings(given).join()).to.include(`\`${name}\` is ignored`);
      else expect(warnings(given).filter(line => line.includes('is ignored'))).to.deep.equal([]);
    });
  }

  it('is in the table only if MQTT.js or an earlier version of it has the option', () => {
    const strangers = Object.keys(MQTTJS_OPTIONS).filter(name => !Object.hasOwn(SAMPLES, name));
    expect(strangers).to.deep.equal(['bridgeMode']);
  });

  it('causes a warning with the nearest known one if it is unknown', () => {
    expect(warnings({ pasword: 'x' })[0])
      .to.include('`pasword`')
      .and.include('did you mean `password`?');
    expect(warnings({ ca_file: 'x' })[0]).to.include('did you mean `caFile`?');
    expect(warnings({ maxqos: 1 })[0]).to.include('did you mean `maxQos`?');
    expect(warnings({ qqqqqqqqqqq: 1 })[0]).to.include('remove it');
    expect(options({ qqqqqqqqqqq: 1 })).to.deep.equal({ qqqqqqqqqqq: 1 });
  });

  it('causes a warning if it is unknown inside `will` or `wsOptions`', () => {
    const will = { topic: 't', payload: 'x', retian: true };
    expect(warnings({ will })[0]).to.include('`will.retian`').and.include('did you mean `retain`?');
    const [line] = warnings({ wsOptions: { rejectUnautorized: true, headers: {} } });
    expect(line)
      .to.include('`wsOptions.rejectUnautorized`')
      .and.include('did you mean `rejectUnauthorized`?');
  });

  it('causes no warning if it is an option of TLS or TCP in Node.js', () => {
    const given = { minVersion: 'TLSv1.2', ciphers: 'HIGH', localAddress: '127.0.0.1', family: 4 };
    expect(warnings(given)).to.deep.equal([]);
    expect(options(given)).to.deep.equal(given);
  });

  it('`servers` causes a warning if it has several addresses, since mqttrep connects only to the first', () => {
    const servers = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ];
    expect(warnings({ servers }).join()).to.include('connects only to the first of `servers`');
  });
});

describe('A property of CONNECT', () => {
  for (const [name, sample] of Object.entries(PROPERTY_SAMPLES)) {
    const isKept = CONNECT_PROPERTIES[name] === 'kept';
    it(`\`${name}\` is ${isKept ? 'kept' : 'ignored, with a warning that says why'}`, () => {
      expect(CONNECT_PROPERTIES, 'the table').to.have.property(name);
      const given = { properties: { [name]: sample } };
      expect(options(given).properties).to.deep.equal(isKept ? { [name]: sample } : {});
      expect(warnings(given)).to.have.lengthOf(isKept ? 0 : 1);
    });
  }

  it('is ignored, with a warning, if it is unknown', () => {
    expect(warnings({ properties: { recieveMaximum: 1 } })[0]).to.include('did you mean `receiveMaximum`?');
  });
});
