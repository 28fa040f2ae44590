/** Signed websockets, before a real broker, as AWS IoT Core wants them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Connection } from '../../../lib/broker/connection/connection.ts';
import type { ConnectionOptions } from '../../../lib/broker/connection/connection-options.ts';
import { connectAdvice } from '../../../lib/broker/network/connect-advice.ts';
import { ConnectError } from '../../../lib/broker/network/connect-error.ts';
import { DEFAULT_BOUNDS } from '../../../lib/config/bounds.ts';
import { placesByVariables } from '../../../lib/config/broker-places.ts';
import { regionOf } from '../../../lib/protocol/aws-region.ts';
import { type AwsAccount, signatureFault } from '../../support/aws-verifier.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { WebsocketRelay } from '../../support/websocket-relay.ts';

const ACCOUNT: AwsAccount = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-west-1',
};
const TEMPORARY: AwsAccount = { ...ACCOUNT, sessionToken: 'FwoGZXIvYXdzEJr//////////wEaDE+/=' };

describe('A websocket with awsSigV4', () => {
  const folder = tempFolder('aws');
  const environment = { ...process.env };
  let broker: TestBroker;
  let relay: WebsocketRelay | undefined;
  /** Of each request: what is wrong with it, and its signature. */
  let faults: (string | undefined)[];
  let signatures: (string | null)[];

  before(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
  });

  after(() => broker?.stop());

  beforeEach(() => {
    faults = [];
    signatures = [];
    for (const name of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN'])
      delete process.env[`AWS_${name}`];
  });

  afterEach(async () => {
    process.env = { ...environment };
    await relay?.close();
  });

  async function start(account: AwsAccount): Promise<string> {
    relay = await WebsocketRelay.before(broker.port, request => {
      const fault = signatureFault(request, account);
      faults.push(fault);
      signatures.push(new URLSearchParams(request.url.split('?')[1]).get('X-Amz-Signature'));
      return fault === undefined;
    });
    return relay.url;
  }

  function written(name: string, content: object | string): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  function optionsFor(url: string, options: ConnectionOptions['options']): ConnectionOptions {
    return {
      url,
      options: { awsSigV4: ACCOUNT.region, ...options },
      clientId: 'spec-aws',
      protocolVersion: 5,
      maxQos: 1,
      largestPayload: DEFAULT_BOUNDS.payload,
    };
  }

  async function connect(url: string, options: ConnectionOptions['options'] = {}): Promise<void> {
    const connection = await Connection.open(optionsFor(url, options));
    await connection.end();
  }

  async function failureOf(options: ConnectionOptions['options'], url = 'ws://127.0.0.1:1') {
    try {
      await connect(url, options);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const advice = await connectAdvice(error, {
        places: placesByVariables('AWS'),
        ...optionsFor(url, options),
      });
      return `${error.message}; ${advice}`;
    }
    throw new Error('it is connected');
  }

  it('is signed with the keys of the environment', async () => {
    const url = await start(TEMPORARY);
    process.env['AWS_ACCESS_KEY_ID'] = TEMPORARY.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = TEMPORARY.secretAccessKey;
    process.env['AWS_SESSION_TOKEN'] = TEMPORARY.sessionToken;
    await connect(url);
    expect(faults).to.deep.equal([undefined]);
  });

  it('is signed with the keys in a file, read at each connect', async () => {
    const url = await start(ACCOUNT);
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = ACCOUNT;
    const keys = { AccessKeyId, SecretAccessKey };
    const awsCredentialsFile = written('keys.json', { ...keys, Expiration: '2999-01-01T00:00:00Z' });
    await connect(url, { awsCredentialsFile });
    written('keys.json', { ...keys, SecretAccessKey: 'other' });
    await failureOf({ awsCredentialsFile }, url);
    expect(faults).to.deep.equal([undefined, 'another signature']);
    expect(new Set(signatures).size).to.equal(2);
  });

  it('is signed with the keys that a command prints, also as the metadata service of EC2 names them', async () => {
    const url = await start(TEMPORARY);
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token } = TEMPORARY;
    const path = written('role.json', { Code: 'Success', AccessKeyId, SecretAccessKey, Token });
    await connect(url, { awsCredentialsCommand: `cat ${path}` });
    expect(faults).to.deep.equal([undefined]);
  });

  it('is refused with advice, and without a secret, where the keys are wrong', async () => {
    const url = await start(ACCOUNT);
    const awsCredentialsFile = written('wrong.json', {
      AccessKeyId: 'AKIDEXAMPLE',
      SecretAccessKey: 's3cret',
    });
    const failure = await failureOf({ awsCredentialsFile }, url);
    expect(failure).to.contain('HTTP status 403').and.to.contain('AWS refuses the signature: check the keys');
    expect(failure).not.to.match(/s3cret|Amz/);
  });

  const failures: readonly (readonly [options: () => ConnectionOptions['options'], words: string])[] = [
    [() => ({}), 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
    [() => ({ awsSigV4: true }), 'the host tells no region'],
    [() => ({ awsCredentialsFile: written('text', 's3cret') }), '`awsCredentialsFile` is no JSON'],
    [() => ({ awsCredentialsFile: written('null', 'null') }), '`awsCredentialsFile` has no keys'],
    [() => ({ awsCredentialsCommand: 'exit 3' }), '`awsCredentialsCommand` ended with exit code 3'],
    [
      () => ({
        awsCredentialsCommand: `echo '{"AccessKeyId":"a","SecretAccessKey":"s3cret","Expiration":"2020-01-01T00:00:00Z"}'`,
      }),
      'its keys have expired',
    ],
  ];
  for (const [options, words] of failures) {
    it(`is not tried, and the fix is named: ${words}`, async () => {
      expect(await failureOf(options()))
        .to.contain(words)
        .and.not.to.contain('s3cret');
    });
  }

  it('takes the region from the endpoint', () => {
    expect(regionOf('a1b2-ats.iot.eu-west-1.amazonaws.com')).to.equal('eu-west-1');
    expect(regionOf('A1B2.iot.cn-north-1.amazonaws.com.cn')).to.equal('cn-north-1');
    expect(regionOf('broker.example')).to.equal(undefined);
  });
});
