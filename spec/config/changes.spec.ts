/** What one configuration changes compared with another, in words without secrets. */

import { expect } from 'chai';
import { changesBetween } from '../../lib/config/changes.ts';
import { accepted } from './reading.ts';

const base = {
  HOME: '/nowhere',
  MQTTREP_CLIENT_OSLO: 'mqtt://user:s3cret@oslo.example',
  MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
  MQTTREP_CONFIG_PARIS: '{"password":"s3cret","username":"u"}',
  MQTTREP_TOPIC_ducks: 'ducks/#',
};

function changes(more: Readonly<Record<string, string>>, without: readonly string[] = []) {
  const after = Object.fromEntries(
    Object.entries({ ...base, ...more }).filter(([name]) => !without.includes(name)),
  );
  return changesBetween(accepted(base, {}), accepted(after, {}));
}

describe('changesBetween', () => {
  it('finds no change between equal configurations', () => {
    expect(changes({})).to.deep.include({ applied: [], left: [] });
  });

  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'a broker that is added',
      { MQTTREP_CLIENT_QUEBEC: 'mqtts://u:s3cret@quebec.example' },
      ['broker QUEBEC is added: mqtts://***@quebec.example'],
    ],
    [
      'an address, without what may be a secret',
      { MQTTREP_CLIENT_OSLO: 'mqtt://user:s3cret@bergen.example' },
      ['broker OSLO is changed: url mqtt://***@oslo.example → mqtt://***@bergen.example'],
    ],
    [
      'the bound of the deletion guard',
      { MQTTREP_DELETION_GUARD: 'off' },
      ['MQTTREP_DELETION_GUARD 10 topics and 5 % → off'],
    ],
    [
      'a password, masked',
      { MQTTREP_CONFIG_PARIS: '{"password":"s3cret-2","username":"u","priority":2}' },
      ['broker PARIS is changed: priority 0 → 2, password *** → ***'],
    ],
    [
      'settings of a topic',
      { MQTTREP_RETAIN_ducks: 'true', MQTTREP_TTL_ducks: '60', MQTTREP_SUBSCRIBE_BLACKLIST_ducks: 'OSLO' },
      ['topic ducks is changed: TTL unset → 60 s, RETAIN unset → true, subscribed at OSLO PARIS → PARIS'],
    ],
    [
      'settings of the process',
      { MQTTREP_MERGE_FREQUENCY: '2', MQTTREP_SCAN_PERIOD: 'off', MQTTREP_MAX_DRIFT: '5' },
      [
        'MQTTREP_MERGE_FREQUENCY 1 Hz → 2 Hz',
        'MQTTREP_SCAN_PERIOD 600 s → off',
        'MQTTREP_MAX_DRIFT 60 s → 5 s',
      ],
    ],
  ];
  for (const [what, more, lines] of cases) {
    it(`lists ${what}`, () => {
      const { applied, left } = changes(more);
      expect({ applied, left }).to.deep.equal({ applied: lines, left: [] });
      expect(applied.join()).to.not.contain('s3cret');
    });
  }

  it('lists a broker that is removed, and not the topics that were published to it', () => {
    expect(changes({}, ['MQTTREP_CLIENT_PARIS', 'MQTTREP_CONFIG_PARIS']).applied).to.deep.equal([
      'broker PARIS is removed',
    ]);
  });

  it('keeps the old value of a setting that needs a restart', () => {
    const { config, applied, left } = changes({
      MQTTREP_STORE: '/elsewhere',
      MQTTREP_LOG_FORMAT: 'json',
      MQTTREP_LOG_LEVEL: 'debug',
    });
    expect(applied).to.deep.equal(['MQTTREP_LOG_LEVEL info → debug']);
    expect(left).to.deep.equal([
      'a change of MQTTREP_STORE takes effect only at the next start',
      'a change of MQTTREP_LOG_FORMAT takes effect only at the next start',
    ]);
    expect(config.store).to.deep.equal({ kind: 'folder', path: '/nowhere/.local/state/mqttrep' });
    expect(config.log).to.deep.equal({ level: 'debug', format: 'text' });
  });
});
