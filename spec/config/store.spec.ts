/** The settings of the process: the store, control and state topics, the deletion guard, and bounds. */

import { expect } from 'chai';
import { storePlaceText } from '../../lib/config/store-place.ts';
import { accepted, type Env, errorsOf, warningsOf } from './reading.ts';

describe('the place of the store', () => {
  const cases: [says: string, env: Env, place: string][] = [
    ['MQTTREP_STORE, if it is set', { MQTTREP_STORE: '/data', STATE_DIRECTORY: '/var/lib/rep' }, '/data'],
    ['`memory`, if MQTTREP_STORE says so', { MQTTREP_STORE: 'memory' }, 'memory'],
    [
      'the state directory of systemd',
      { STATE_DIRECTORY: '/var/lib/rep', XDG_STATE_HOME: '/x' },
      '/var/lib/rep',
    ],
    ['the first of several state directories', { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' }, '/var/lib/a'],
    ['the XDG state home', { XDG_STATE_HOME: '/x' }, '/x/mqttrep'],
    [
      'the home, if the XDG state home is relative',
      { XDG_STATE_HOME: 'x' },
      '/home/duck/.local/state/mqttrep',
    ],
    ['the home, if nothing is set', {}, '/home/duck/.local/state/mqttrep'],
  ];
  for (const [says, env, place] of cases) {
    it(`is ${says}`, () => expect(storePlaceText(accepted(env).store)).to.equal(place));
  }
});

it('MQTTREP_STORE=memory keeps the state in memory, any other value names a folder', () => {
  expect(accepted({ MQTTREP_STORE: 'memory' }).store).to.deep.equal({ kind: 'memory' });
  expect(accepted({ MQTTREP_STORE: './memory' }).store).to.deep.equal({ kind: 'folder', path: './memory' });
});

describe('the control topics', () => {
  it('can be moved, and are not replicated there', () => {
    expect(accepted({ MQTTREP_CONTROL_TOPIC: 'site/rep' }).controlTopic).to.equal('site/rep');
    const [error] = errorsOf({ MQTTREP_CONTROL_TOPIC: 'site/rep', MQTTREP_TOPIC_x: 'site/rep/#' });
    expect(error).to.match(/^MQTTREP_TOPIC_x: .*never replicated/);
  });

  it('can be turned off', () => {
    expect(accepted({ MQTTREP_CONTROL_TOPIC: 'off' }).controlTopic).to.equal(undefined);
  });

  for (const topic of ['a/#', '+', '$SYS/a', '/a', 'a/']) {
    it(`cannot be ${topic}`, () => {
      expect(errorsOf({ MQTTREP_CONTROL_TOPIC: topic }).join()).to.match(/^MQTTREP_CONTROL_TOPIC: /);
    });
  }
});

describe('the state topics in the configuration', () => {
  it('are off unless MQTTREP_STATE_TOPICS turns them on', () => {
    expect(accepted({}).stateTopics).to.equal(false);
    expect(accepted({ MQTTREP_STATE_TOPICS: 'true' }).stateTopics).to.equal(true);
  });

  it('need control topics', () => {
    const env = { MQTTREP_STATE_TOPICS: 'true', MQTTREP_CONTROL_TOPIC: 'off' };
    expect(errorsOf(env).join()).to.match(/^MQTTREP_STATE_TOPICS: .*MQTTREP_CONTROL_TOPIC/);
  });

  it('need the will, so a will of the user causes a warning', () => {
    const env = { MQTTREP_CONFIG_oslo: '{"will":{"topic":"t","payload":"x"}}' };
    expect(warningsOf(env)).to.deep.equal([]);
    const [warning] = warningsOf({ ...env, MQTTREP_STATE_TOPICS: 'true' });
    expect(warning).to.match(/^MQTTREP_CONFIG_oslo: it has a will of its own/);
  });
});

describe('the deletion guard', () => {
  it('is a number of topics and a share, or off', () => {
    const guardOf = (text: string) => accepted({ MQTTREP_DELETION_GUARD: text }).deletionGuard;
    expect(guardOf('10,5%')).to.deep.equal({ topics: 10, percent: 5 });
    expect(guardOf('0, 2.5 %')).to.deep.equal({ topics: 0, percent: 2.5 });
    expect(guardOf('OFF')).to.deep.equal({ topics: Number.POSITIVE_INFINITY, percent: 0 });
  });

  for (const text of ['10', '5%', '10,5', '-1,5%', '10,101%', 'ten,5%', '10;5%']) {
    it(`cannot be ${text}`, () => {
      expect(errorsOf({ MQTTREP_DELETION_GUARD: text }).map(error => error.split(':')[0])).to.deep.equal([
        'MQTTREP_DELETION_GUARD',
      ]);
    });
  }
});

describe('the scan period and the drift', () => {
  it('are read as seconds', () => {
    const { scanPeriod, maxDrift } = accepted({ MQTTREP_SCAN_PERIOD: '60', MQTTREP_MAX_DRIFT: '0' });
    expect({ scanPeriod, maxDrift }).to.deep.equal({ scanPeriod: 60, maxDrift: 0 });
  });

  it('can be off (the scan period)', () => {
    expect(accepted({ MQTTREP_SCAN_PERIOD: 'off' }).scanPeriod).to.equal(Number.POSITIVE_INFINITY);
  });

  it('are refused if they are out of range', () => {
    const errors = errorsOf({ MQTTREP_SCAN_PERIOD: '0', MQTTREP_MAX_DRIFT: '-1' });
    expect(errors.map(error => error.split(':')[0])).to.deep.equal([
      'MQTTREP_MAX_DRIFT',
      'MQTTREP_SCAN_PERIOD',
    ]);
  });
});

describe('the bounds', () => {
  it('are read as whole numbers', () => {
    const { bounds } = accepted({
      MQTTREP_MAX_PAYLOAD: '1000',
      MQTTREP_MAX_TOPICS: '2000',
      MQTTREP_MAX_TOPIC_LENGTH: '300',
      MQTTREP_MAX_LEVELS: '4',
    });
    expect(bounds).to.deep.equal({
      payload: 1_000,
      topics: 2_000,
      memory: undefined,
      topicLength: 300,
      levels: 4,
    });
  });

  const memories: [text: string, bytes: number][] = [
    ['1048576', 2 ** 20],
    ['512M', 512 * 2 ** 20],
    ['512m', 512 * 2 ** 20],
    ['2048 KiB', 2 ** 21],
    ['1GB', 2 ** 30],
    ['1T', 2 ** 40],
  ];
  for (const [text, bytes] of memories) {
    it(`take ${text} of memory as ${bytes} bytes`, () => {
      expect(accepted({ MQTTREP_MAX_MEMORY: text }).bounds.memory).to.equal(bytes);
    });
  }

  for (const text of ['0', '-1M', '1048575', '1.5G', '2T', 'half', '1MM', 'M']) {
    it(`cannot be ${text} of memory`, () => {
      expect(errorsOf({ MQTTREP_MAX_MEMORY: text }).join()).to.match(/^MQTTREP_MAX_MEMORY: .*512M/);
    });
  }

  for (const value of ['0', '-1', '1.5', '1e3', '1 MB', '300000000000']) {
    it(`cannot be ${value}`, () => {
      expect(errorsOf({ MQTTREP_MAX_PAYLOAD: value }).join()).to.match(/^MQTTREP_MAX_PAYLOAD: /);
    });
  }
});
