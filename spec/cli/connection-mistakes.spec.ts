/** What a user hears of the usual mistakes in a connection: what is wrong, and which setting fixes it. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Certificates, certificates, requireOpenssl } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { CONNECT, typeOf } from '../support/packet-bytes.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command, environmentOf } from './command.ts';

interface Ports {
  readonly plain: number;
  readonly tls: number;
  /** Its certificate is for broker.example. */
  readonly elsewhere: number;
  readonly ws: number;
  readonly wss: number;
  readonly passwords: number;
  readonly web: number;
  readonly silent: number;
  readonly closing: number;
  /** Answers each CONNECT with "unacceptable protocol version". */
  readonly old: number;
  readonly nothing: number;
}

interface Mistake {
  readonly title: string;
  readonly url: (ports: Ports) => string;
  readonly config?: (files: Certificates) => object;
  /** What is said of it, besides the name of the broker. */
  readonly told: RegExp;
}

const withCa = ({ ca }: Certificates) => ({ caFile: ca });

/** By the name of the broker. */
const MISTAKES: Readonly<Record<string, Mistake>> = {
  TLS_AT_PLAIN: {
    title: 'TLS at a plain port',
    url: ({ plain }) => `mqtts://localhost:${plain}`,
    config: withCa,
    told: /port \d+ speaks MQTT without TLS: begin MQTTREP_CLIENT_TLS_AT_PLAIN with mqtt:\/\//,
  },
  PLAIN_AT_TLS: {
    title: 'no TLS at a TLS port',
    url: ({ tls }) => `mqtt://localhost:${tls}`,
    told: /port \d+ speaks MQTT in TLS: begin MQTTREP_CLIENT_PLAIN_AT_TLS with mqtts:\/\//,
  },
  WS_AT_MQTT: {
    title: 'a websocket at a port of MQTT',
    url: ({ plain }) => `ws://localhost:${plain}`,
    told: /port \d+ speaks MQTT without TLS, and no websocket: begin MQTTREP_CLIENT_WS_AT_MQTT with mqtt:\/\//,
  },
  MQTT_AT_WS: {
    title: 'MQTT at a port of websockets',
    url: ({ ws }) => `mqtt://localhost:${ws}`,
    told: /websocket without TLS: begin MQTTREP_CLIENT_MQTT_AT_WS with ws:\/\//,
  },
  MQTTS_AT_WSS: {
    title: 'MQTT in TLS at a port of websockets in TLS',
    url: ({ wss }) => `mqtts://localhost:${wss}`,
    config: withCa,
    told: /websocket with TLS: begin MQTTREP_CLIENT_MQTTS_AT_WSS with wss:\/\//,
  },
  WSS_AT_WS: {
    title: 'a websocket in TLS at one without',
    url: ({ ws }) => `wss://localhost:${ws}`,
    config: withCa,
    told: /websocket without TLS: begin MQTTREP_CLIENT_WSS_AT_WS with ws:\/\//,
  },
  WRONG_PATH: {
    title: 'a websocket at a web server that has none at this path',
    url: ({ web }) => `ws://localhost:${web}/mqtt`,
    told: /HTTP status 404: check the path of the URL/,
  },
  AUTHORITY: {
    title: 'an authority that is not known',
    url: ({ tls }) => `mqtts://localhost:${tls}`,
    told: /does not know the authority .* `caFile` in MQTTREP_CONFIG_AUTHORITY/,
  },
  OTHER_AUTHORITY: {
    title: 'the wrong authority',
    url: ({ tls }) => `mqtts://localhost:${tls}`,
    config: ({ otherCa }) => ({ caFile: otherCa }),
    told: /is not signed by the authority in `caFile`: .* MQTTREP_CONFIG_OTHER_AUTHORITY/,
  },
  HOST_NAME: {
    title: 'a host name that the certificate does not have',
    url: ({ elsewhere }) => `mqtts://localhost:${elsewhere}`,
    config: withCa,
    told: /DNS:broker\.example.*is not for localhost: .* MQTTREP_CLIENT_HOST_NAME, or as `servername`/,
  },
  PASSWORD: {
    title: 'a wrong password',
    url: ({ passwords }) => `mqtt://localhost:${passwords}`,
    config: () => ({ username: 'duck', password: 'wr0ng' }),
    told: /[Nn]ot authorized.*check `username` and `password` in MQTTREP_CONFIG_PASSWORD/,
  },
  NO_PASSWORD: {
    title: 'no password where one is needed',
    url: ({ passwords }) => `mqtt://localhost:${passwords}`,
    told: /wants a user name and a password: set `username` and `password` in MQTTREP_CONFIG_NO_PASSWORD/,
  },
  DNS: {
    title: 'a host that does not exist',
    url: () => 'mqtt://no-such-host.invalid',
    told: /(there is no host no-such-host\.invalid: correct the host in MQTTREP_CLIENT_DNS|no DNS server answers for no-such-host\.invalid)/,
  },
  NOTHING: {
    title: 'a port at which nothing listens',
    url: ({ nothing }) => `mqtt://127.0.0.1:${nothing}`,
    told: /nothing listens at 127\.0\.0\.1, port \d+: check that the broker runs .* MQTTREP_CLIENT_NOTHING/,
  },
  HALF_OPEN: {
    title: 'a connection that is accepted and never answered',
    url: ({ silent }) => `mqtt://127.0.0.1:${silent}`,
    config: () => ({ connectTimeout: 5_000 }),
    told: /no answer to CONNECT within 5 s\)?; something listens at 127\.0\.0\.1, port \d+, and does not answer/,
  },
  HANGS_UP: {
    title: 'a broker that closes each connection',
    url: ({ closing }) => `mqtt://127.0.0.1:${closing}`,
    told: /closes the connection and gives no reason: read its log/,
  },
  VERSION: {
    title: 'a version of MQTT that the broker does not support',
    url: ({ old }) => `mqtt://127.0.0.1:${old}`,
    config: () => ({ protocolVersion: 5 }),
    told: /does not support the version of MQTT in `protocolVersion`: remove it from MQTTREP_CONFIG_VERSION/,
  },
};

function listen(server: Server): Promise<number> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

describe('A mistake in a connection is named with its fix:', function () {
  this.timeout(90_000);

  const brokers: TestBroker[] = [];
  const servers: Server[] = [];
  let ports: Ports;
  let notes: Readonly<Record<string, string | null>>;
  let log: string;

  before(async function () {
    requireMosquitto(this);
    requireOpenssl(this);
    const files = certificates();
    const [tls, elsewhere, ws, wss, nothing] = await Promise.all(Array.from({ length: 5 }, freePort));
    const secure = ({ cert, key }: Certificates['server']) => [
      `cafile ${files.ca}`,
      `certfile ${cert}`,
      `keyfile ${key}`,
    ];
    const open = await startMosquitto({
      config: [
        ...[`listener ${tls}`, ...secure(files.server)],
        ...[`listener ${elsewhere}`, ...secure(files.elsewhere)],
        ...[`listener ${ws}`, 'protocol websockets'],
        ...[`listener ${wss}`, 'protocol websockets', ...secure(files.server)],
      ],
    });
    brokers.push(open);
    const passwords = join(tempFolder('passwords'), 'file');
    writeFileSync(passwords, '', { mode: 0o600 });
    execFileSync('mosquitto_passwd', ['-b', passwords, 'duck', 'quack']);
    const closed = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] });
    brokers.push(closed);
    const web = createWebServer((_, response) => {
      response.statusCode = 404;
      response.end();
    });
    const silent = createServer();
    const closing = createServer(socket => socket.destroy());
    const old = createServer(socket => {
      socket.on('error', () => undefined);
      socket.on('data', bytes => {
        if (typeOf(bytes) === CONNECT) socket.end(Buffer.from([0x20, 2, 0, 1]));
      });
    });
    servers.push(web, silent, closing, old);
    const [webPort, silentPort, closingPort, oldPort] = await Promise.all(servers.map(listen));
    ports = {
      ...{ plain: open.port, passwords: closed.port, tls, elsewhere, ws, wss, nothing },
      ...{ web: webPort, silent: silentPort, closing: closingPort, old: oldPort },
    } as Ports;
    const entries = Object.entries(MISTAKES);
    const environment = environmentOf(
      Object.fromEntries(entries.map(([name, { url }]) => [name, { url: url(ports) }])),
      Object.fromEntries(
        entries.flatMap(([name, { config }]) =>
          config === undefined ? [] : [[`MQTTREP_CONFIG_${name}`, JSON.stringify(config(files))]],
        ),
      ),
    );
    const { stdout } = await command(['check', '--connect', '--json'], environment);
    const { connections } = JSON.parse(stdout) as { connections: { name: string; note: string | null }[] };
    notes = Object.fromEntries(connections.map(({ name, note }) => [name, note]));
    const mqttrep = startMqttrep(environment);
    await Promise.all(Object.keys(MISTAKES).map(name => mqttrep.line(` ${name}: cannot connect`, 60_000)));
    await mqttrep.stop();
    log = mqttrep.stderr;
  });

  after(async () => {
    for (const server of servers) server.close();
    for (const broker of brokers) await broker.stop();
  });

  for (const [name, { title, told }] of Object.entries(MISTAKES)) {
    it(title, () => {
      expect(notes[name], 'mqttrep check --connect').to.match(told);
      const line = log.split('\n').find(each => each.includes(` ${name}: cannot connect`));
      expect(line, 'the log')
        .to.match(told)
        .and.match(/retrying in [\d.]+ s$/);
    });
  }

  it('and MQTT 5 is not blamed where the broker did not say so, nor the attempt with MQTT 3.1.1 told twice', () => {
    const told = log.split('\n').filter(line => line.includes('trying MQTT 3.1.1'));
    expect(told.join('\n')).to.include(' PLAIN_AT_TLS: no connection over MQTT 5 (');
    expect(told.join('\n')).not.to.include('does not accept MQTT 5');
    const names = told.map(line => / (\w+): /.exec(line)?.[1]);
    expect(names).to.deep.equal([...new Set(names)]);
  });

  it('and no secret is repeated', () => {
    expect(JSON.stringify(notes) + log).not.to.include('wr0ng');
  });
});
