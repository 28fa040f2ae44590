/** The errors for wrong settings of a topic, and of the process. */

import { expect } from 'chai';
import { MAX_BROKERS } from '../../lib/core/policy.ts';
import { areErrors, type Case } from './problem-cases.ts';
import { errorsOf } from './reading.ts';

describe('readConfig', () => {
  describe('reports an error of a topic:', () => {
    areErrors([
      [{ MQTTREP_TOPIC_a: '' }, 'MQTTREP_TOPIC_a', 'empty', '"#"'],
      [{ MQTTREP_TOPIC_a: 'a/#/b' }, 'MQTTREP_TOPIC_a', '"a/#/b"', 'last level'],
      [{ MQTTREP_TOPIC_a: 'a#' }, 'MQTTREP_TOPIC_a', '"a#"', 'alone'],
      [{ MQTTREP_TOPIC_a: 'a/b+' }, 'MQTTREP_TOPIC_a', '"a/b+"', 'alone'],
      [{ MQTTREP_TOPIC_a: 'a'.repeat(65_536) }, 'MQTTREP_TOPIC_a', 'longer than 65535 bytes'],
      [{ MQTTREP_TOPIC_a: '$SYS/#' }, 'MQTTREP_TOPIC_a', '"$SYS/#"', 'never replicated'],
      [{ MQTTREP_TOPIC_a: 'ActiveMQ/#' }, 'MQTTREP_TOPIC_a', 'never replicated'],
      [{ MQTTREP_TOPIC_a: 'mqttrep/#' }, 'MQTTREP_TOPIC_a', 'never replicated'],
      [{ MQTTREP_TOPIC_a: '$share/group/a/#' }, 'MQTTREP_TOPIC_a', 'shared', 'alone: a/#'],
      [{ MQTTREP_TOPIC_FREQUENCY: 'a' }, 'MQTTREP_TOPIC_FREQUENCY', 'FREQUENCY', 'another id'],
      [{ 'MQTTREP_TOPIC_a.b': 'a' }, 'MQTTREP_TOPIC_a.b', 'only letters', 'MQTTREP_TOPIC_{id}'],
      [{ MQTTREP_QOS_ducks: '3' }, 'MQTTREP_QOS_ducks', '"3"', '0, 1 or 2'],
      [{ MQTTREP_QOS_ducks: '1.0' }, 'MQTTREP_QOS_ducks', '"1.0"'],
      [{ MQTTREP_TTL_ducks: '-5' }, 'MQTTREP_TTL_ducks', '"-5"', 'seconds'],
      [{ MQTTREP_TTL_ducks: '12 hours' }, 'MQTTREP_TTL_ducks', '"12 hours"', 'a number alone'],
      [{ MQTTREP_TTL_ducks: '0,5' }, 'MQTTREP_TTL_ducks', '"0,5"', '0.5'],
      [{ MQTTREP_TTL_ducks: '0x10' }, 'MQTTREP_TTL_ducks', '"0x10"'],
      [{ MQTTREP_TTL_ducks: '0.0001' }, 'MQTTREP_TTL_ducks', 'from 0.001'],
      [{ MQTTREP_TTL_ducks: 'Infinity' }, 'MQTTREP_TTL_ducks', '0 for ever'],
      [{ MQTTREP_RETAIN_ducks: 'maybe' }, 'MQTTREP_RETAIN_ducks', '"maybe"', 'true or false'],
      [{ MQTTREP_NOSUB_ducks: '2' }, 'MQTTREP_NOSUB_ducks', '"2"', 'true or false'],
      [{ MQTTREP_NOSUB_ducks: 'true' }, 'MQTTREP_TOPIC_{id}', 'no broker subscribes to any topic'],
      [{ MQTTREP_SUBSCRIBE_BLACKLIST_ducks: 'oslo,paris' }, 'MQTTREP_TOPIC_{id}', 'no broker subscribes'],
      [
        { MQTTREP_QOS_dukcs: '1' },
        'MQTTREP_QOS_dukcs',
        'there is no MQTTREP_TOPIC_dukcs',
        'MQTTREP_QOS_ducks?',
      ],
      [{ MQTTREP_PULISH_BLACKLIST_duck: 'oslo' }, 'MQTTREP_PULISH_BLACKLIST_duck', 'MQTTREP_TOPIC_duck'],
      [
        { MQTTREP_PUBLISH_WHITELIST_ducks: 'olso' },
        'MQTTREP_PUBLISH_WHITELIST_ducks',
        '"olso"',
        'mean oslo?',
      ],
      [{ MQTTREP_SUBSCRIBE_WHITELIST_ducks: 'Oslo' }, 'MQTTREP_SUBSCRIBE_WHITELIST_ducks', 'mean oslo?'],
      [{ MQTTREP_PUBLISH_BLACKLIST_ducks: 'zurich' }, 'MQTTREP_PUBLISH_BLACKLIST_ducks', ': oslo, paris'],
      [
        { MQTTREP_PUBLISH_WHITELIST_ducks: '' },
        'MQTTREP_PUBLISH_WHITELIST_ducks',
        'names no broker',
        'remove',
      ],
      [{ MQTTREP_SUBSCRIBE_WHITELIST_ducks: ' ' }, 'MQTTREP_SUBSCRIBE_WHITELIST_ducks', 'names no broker'],
      [{ MQTTREP_PUBLISH_WHITELIST_ducks: ' , ' }, 'MQTTREP_PUBLISH_WHITELIST_ducks', 'names no broker'],
      [
        { MQTTREP_PULISH_BLACKLIST_ducks: 'oslo', MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo' },
        'MQTTREP_PULISH_BLACKLIST_ducks',
        'keep only MQTTREP_PUBLISH_BLACKLIST_ducks',
      ],
      [
        { MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo', MQTTREP_PULISH_BLACKLIST_ducks: 'oslo' },
        'MQTTREP_PULISH_BLACKLIST_ducks',
        'keep only MQTTREP_PUBLISH_BLACKLIST_ducks',
      ],
      [
        { MQTTREP_TOPIC_swans: 'canards/#', MQTTREP_QOS_swans: '0', MQTTREP_QOS_ducks: '1' },
        'MQTTREP_QOS_swans',
        'it is 0, but MQTTREP_QOS_ducks is 1',
      ],
      [
        {
          MQTTREP_TOPIC_swans: 'canards/#',
          MQTTREP_PUBLISH_WHITELIST_ducks: 'oslo',
          MQTTREP_PUBLISH_WHITELIST_swans: 'paris',
        },
        'MQTTREP_PUBLISH_WHITELIST_swans',
        'it is paris, but MQTTREP_PUBLISH_WHITELIST_ducks is oslo',
      ],
    ]);
  });

  describe('reports an error of the process:', () => {
    areErrors([
      ...['0', 'NaN', '-1', 'Infinity', '1000.1', '1e-9', 'often', '1 Hz'].map(
        (text): Case => [
          { MQTTREP_MERGE_FREQUENCY: text },
          'MQTTREP_MERGE_FREQUENCY',
          `"${text}"`,
          '1000 Hz',
        ],
      ),
      [{ MQTT_REPLICATOR_MERGE_FREQUENCY: '0' }, 'MQTT_REPLICATOR_MERGE_FREQUENCY', '"0"'],
      [{ MQTTREP_LOG_LEVEL: 'debgu' }, 'MQTTREP_LOG_LEVEL', '"debgu"', 'mean debug?'],
      [{ MQTTREP_LOG_FORMAT: 'xml' }, 'MQTTREP_LOG_FORMAT', '"xml"', 'text or json'],
    ]);

    it('there is no broker and no topic', () => {
      const errors = errorsOf({}, {});
      expect(errors).to.have.lengthOf(2);
      expect(errors[0]).to.include('MQTTREP_CLIENT_{name}: no broker');
      expect(errors[1]).to.include('MQTTREP_TOPIC_{id}: no topic');
    });

    it('there are more brokers than one process serves', () => {
      const brokers = Array.from({ length: MAX_BROKERS - 1 }, (_, i) => [
        `MQTTREP_CLIENT_z${i}`,
        `ws://h${i}`,
      ]);
      const errors = errorsOf(Object.fromEntries(brokers));
      expect(errors).to.have.lengthOf(1);
      expect(errors[0]).to.include(`${MAX_BROKERS + 1} brokers are configured`);
    });
  });
});
