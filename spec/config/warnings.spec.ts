/** The warnings for an environment that is sound, and perhaps not meant so. */

import { expect } from 'chai';
import { areWarnings } from './problem-cases.ts';
import { warningsOf } from './reading.ts';

describe('readConfig', () => {
  describe('warns of:', () => {
    areWarnings([
      [{ MQTTREP_TOPIC_a: 'canards/' }, 'MQTTREP_TOPIC_a', 'comment', '"canards/#"'],
      [{ MQTTREP_TOPIC_a: "'a/#'" }, 'MQTTREP_TOPIC_a', 'quotes'],
      [{ MQTTREP_QOS_ducks: '"2"' }, 'MQTTREP_QOS_ducks', 'quotes'],
      [{ MQTTREP_CONFIG_oslo: `'{"keepalive":1}'` }, 'MQTTREP_CONFIG_oslo', 'quotes'],
      [{ MQTTREP_LOG_LEVEL: '"debug"' }, 'MQTTREP_LOG_LEVEL', 'quotes'],
      [{ MQTTREP_CLEINT_OSLO: 'mqtt://a' }, 'MQTTREP_CLEINT_OSLO', 'mean MQTTREP_CLIENT_OSLO?'],
      [{ MQTTREP_client_OSLO: 'mqtt://a' }, 'MQTTREP_client_OSLO', 'mean MQTTREP_CLIENT_OSLO?'],
      [
        { MQTTREP_PUBLISH_BLACKLST_a_b: 'x' },
        'MQTTREP_PUBLISH_BLACKLST_a_b',
        'mean MQTTREP_PUBLISH_BLACKLIST_a_b?',
      ],
      [{ MQTTREP_LOGLEVEL: 'warn' }, 'MQTTREP_LOGLEVEL', 'mean MQTTREP_LOG_LEVEL?'],
      [{ MQTTREP_TTL: '1' }, 'MQTTREP_TTL', 'mean MQTTREP_TTL_{id}?'],
      [{ MQTTREP_XYZZY: '1' }, 'MQTTREP_XYZZY', 'ignores it', 'mqttrep config --help'],
      [
        { MQTTREP_CONFIG_oslo: '{"rejectUnauthorized":false}' },
        'MQTTREP_CONFIG_oslo',
        '`rejectUnauthorized`',
      ],
      [{ MQTTREP_CONFIG_oslo: '{"queueQoSZero":true}' }, 'MQTTREP_CONFIG_oslo', '`queueQoSZero` is ignored'],
      [{ MQTTREP_CONFIG_oslo: '{"clean":false}' }, 'MQTTREP_CLIENT_oslo', '`clean` is false'],
      [
        { MQTTREP_CLIENT_oslo: 'ws://a?clientId=b', MQTTREP_CONFIG_oslo: '{"clientId":"c"}' },
        'MQTTREP_CLIENT_oslo',
        'replaces',
      ],
      [{ MQTTREP_CLIENT_copy: 'mqtt://oslo.example' }, 'MQTTREP_CLIENT_oslo', 'replicated with itself'],
      [
        { MQTTREP_TOPIC_swans: 'canards/#', MQTTREP_QOS_swans: '1', MQTTREP_QOS_ducks: '1' },
        'MQTTREP_TOPIC_swans',
        'is also the filter of MQTTREP_TOPIC_ducks',
      ],
      [
        { MQTTREP_HOMEASSISTANT: 'oslo', MQTTREP_STORE: 'memory' },
        'MQTTREP_STORE',
        'each start of mqttrep is another device',
      ],
      [
        { MQTTREP_PULISH_BLACKLIST_ducks: 'oslo' },
        'MQTTREP_PULISH_BLACKLIST_ducks',
        'MQTTREP_PUBLISH_BLACKLIST_ducks',
      ],
    ]);

    it('a single broker', () => {
      const warnings = warningsOf({}, { MQTTREP_CLIENT_oslo: 'mqtt://oslo', MQTTREP_TOPIC_a: 'a' });
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.include('MQTTREP_CLIENT_oslo: it is the only broker');
    });
  });
});
