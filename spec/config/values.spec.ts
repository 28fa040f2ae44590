/** Each value of a variable is read or reported, whatever it contains. */

import { expect } from 'chai';
import fc from 'fast-check';
import { readConfig } from '../../lib/config/read-config.ts';
import { accepted, read, readFile } from './reading.ts';

describe('readConfig', () => {
  it('reads yes, on and 1 as true, and no, off and 0 as false, in any case', () => {
    const retain = (text: string) => accepted({ MQTTREP_RETAIN_ducks: text }).topics[0]?.retain;
    for (const text of ['true', 'TRUE', 'yes', 'On', '1', ' true '])
      expect(retain(text), text).to.equal(true);
    for (const text of ['false', 'False', 'no', 'OFF', '0']) expect(retain(text), text).to.equal(false);
  });

  it('counts an empty value as unset, and trims the others', () => {
    const config = accepted({
      MQTTREP_TTL_ducks: '',
      MQTTREP_QOS_ducks: ' ',
      MQTTREP_QOS_nobody: '',
      MQTTREP_CONFIG_oslo: '',
      MQTTREP_CONFIG_oslo_FILE: '',
      MQTTREP_CONFIG_nobody: '',
      MQTTREP_LOG_LEVEL: ' warn ',
      MQTTREP_MERGE_FREQUENCY: '',
      MQTTREP_PUBLISH_WHITELIST_ducks: ' oslo , paris ,',
    });
    expect(config).to.deep.equal({ ...accepted({}), log: { level: 'warn', format: 'text' } });
  });

  it('accepts names that every object of JavaScript has', () => {
    const config = accepted({
      MQTTREP_CLIENT___proto__: 'ws://a.example',
      MQTTREP_CLIENT_constructor: 'ws://b.example',
      MQTTREP_TOPIC___proto__: 'a',
      MQTTREP_PUBLISH_WHITELIST___proto__: '__proto__,constructor',
    });
    expect(config.brokers.map(broker => broker.name)).to.include.members(['__proto__', 'constructor']);
    expect(config.topics[0]?.publishers).to.deep.equal(['__proto__', 'constructor']);
  });

  it('returns plain data, which can be sent to a worker thread', () => {
    const config = accepted({
      MQTTREP_CONFIG_oslo: '{"will":{"topic":"a","payload":"b"},"ca":["x"],"constructor":1}',
    });
    expect(structuredClone(config)).to.deep.equal(config);
  });

  it('removes quotes around a value before it reads the value', () => {
    expect(accepted({ MQTTREP_TOPIC_ducks: '"canards/#"' })).to.deep.equal(accepted({}));
  });

  it('reports all problems at once, sorted by variable', () => {
    const result = read({
      MQTTREP_TTL_ducks: '-1',
      MQTTREP_CLIENT_oslo: 'tcp://oslo',
      MQTTREP_QOS_ducks: '9',
      MQTTREP_ZZZZZ: '',
      MQTTREP_AAAAA: '',
      MQTTREP_CONFIG_paris: '{"maxQos":9,"priority":-9}',
    });
    expect(result.ok ? [] : result.errors.map(error => error.variable)).to.deep.equal([
      'MQTTREP_CLIENT_oslo',
      'MQTTREP_CONFIG_paris',
      'MQTTREP_CONFIG_paris',
      'MQTTREP_QOS_ducks',
      'MQTTREP_TTL_ducks',
    ]);
    expect(result.warnings.map(warning => warning.variable)).to.deep.equal([
      'MQTTREP_AAAAA',
      'MQTTREP_ZZZZZ',
    ]);
  });

  it('never throws, whatever the values', () => {
    const variables = [
      'CLIENT_a',
      'CLIENT_b',
      'CONFIG_a',
      'CONFIG_a_FILE',
      'TOPIC_a',
      'TOPIC_b',
      'TTL_a',
      'QOS_b',
      'RETAIN_a',
      'NOSUB_b',
      'PUBLISH_WHITELIST_a',
      'PULISH_BLACKLIST_a',
      'MERGE_FREQUENCY',
      'LOG_LEVEL',
      'SOMETHING',
    ].map(name => `MQTTREP_${name}`);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.webUrl(),
      fc.constantFrom('1', '#', 'a,b'),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...variables), value), env => {
        const result = readConfig(env, readFile);
        if (result.ok) expect(structuredClone(result.config)).to.deep.equal(result.config);
        else expect(result.errors).not.to.have.lengthOf(0);
      }),
    );
  });
});
