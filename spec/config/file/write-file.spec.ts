/** `mqttrep config --yaml`: the file says the same as the variables that it was made from. */

import { expect } from 'chai';
import { configFileOf } from '../../../lib/config/file/write-file.ts';
import { accepted, type Env, readFile } from '../reading.ts';
import { configOfFile } from './reading-file.ts';

const ENV: Env = {
  HOME: '/home/duck',
  MQTTREP_CLIENT_oslo: 'mqtt://oslo.example',
  MQTTREP_CLIENT_paris: 'wss://duck:s3cret@paris.example/mqtt?token=s3cret',
  MQTTREP_CONFIG_oslo:
    '{"username":"duck","password":"s3cret","keepalive":7,"maxQos":1,"servername":"a$\\u007bb}","wsOptions":{"headers":{"x-key":"s3cret"},"rejectUnauthorized":true}}',
  MQTTREP_TOPIC_all: '#',
  MQTTREP_TOPIC_ducks: 'canards/#',
  MQTTREP_TTL_ducks: '0.5',
  MQTTREP_RETAIN_ducks: 'true',
  MQTTREP_MERGE_ducks: 'json:a\\,b,arrival',
  MQTTREP_SUBSCRIBE_WHITELIST_ducks: 'oslo, paris',
  MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo',
  MQTTREP_MAP_a: 'prefix: site/{broker}/',
  MQTTREP_MAP_BROKERS_a: 'oslo',
  MQTTREP_EXCLUDE_b: 'secret/#, a\\,b',
  MQTTREP_EXCLUDE_BROKERS_b: 'paris',
  MQTTREP_EXCLUDE_c: 'site/#',
  MQTTREP_MERGE_FREQUENCY: '4',
  MQTTREP_STORE: 'memory',
  MQTTREP_DELETION_GUARD: '1,1%',
  MQTTREP_HTTP: '0.0.0.0:80',
  MQTTREP_HTTP_TOKEN: 's3cret-of-sixteen',
  MQTTREP_MAX_MEMORY: '512M',
};

/** What the comment of the file asks for. */
const SECRETS: Env = {
  OSLO_USERNAME: 'duck',
  OSLO_PASSWORD: 's3cret',
  OSLO_WS_OPTIONS_HEADERS_X_KEY: 's3cret',
  PARIS_URL: 'wss://duck:s3cret@paris.example/mqtt?token=s3cret',
  HTTP_TOKEN: 's3cret-of-sixteen',
};

describe('configFileOf', () => {
  it('writes a file that says the same', () => {
    const text = configFileOf(ENV, readFile);
    expect(configOfFile(text, SECRETS)).to.deep.equal(accepted(ENV, {}));
  });

  it('writes a file that says the same beside the variables that it was made from', () => {
    const text = configFileOf(ENV, readFile);
    expect(configOfFile(text, { ...SECRETS, ...ENV })).to.deep.equal(accepted(ENV, {}));
  });

  it('writes the profile, the client id and the region of AWS, which are no secrets', () => {
    const MQTTREP_CONFIG_oslo = '{"profile":"aws-iot","clientId":"rep","awsSigV4":"eu-west-1"}';
    const text = configFileOf({ ...ENV, MQTTREP_CONFIG_oslo }, readFile);
    for (const line of ['profile: aws-iot', 'clientId: rep', 'awsSigV4: eu-west-1']) {
      expect(text).to.contain(line);
    }
  });

  it('writes no secret, and lists the variables that have them', () => {
    const text = configFileOf(ENV, readFile);
    expect(text).not.to.contain('s3cret');
    for (const name of Object.keys(SECRETS)) expect(text).to.match(new RegExp(`^# {3}${name}: `, 'm'));
  });

  it('reads the options of a broker from their file', () => {
    const text = configFileOf(
      { MQTTREP_CLIENT_oslo: 'mqtt://a', MQTTREP_CONFIG_oslo_FILE: '/run/oslo.json', MQTTREP_TOPIC_a: '#' },
      readFile,
    );
    expect(text).to.contain('OSLO_USERNAME: username of oslo');
  });
});
