/** What one configuration changes against another, in words without secrets. */

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

describe('Changes of the configuration', () => {
  it('are none between equal ones', () => {
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
      ['held deletions where they are more than 10 topics, and more than 5 % of a broker → never'],
    ],
    [
      'a password, masked',
      { MQTTREP_CONFIG_PARIS: '{"password":"s3cret-2","username":"u","priority":2}' },
      ['broker PARIS is changed: priority 0 → 2, password *** → ***'],
    ],
    [
      'settings of a topic',
      { MQTTREP_RETAIN_ducks: 'true', MQTTREP_TTL_ducks: '60', MQTTREP_SUBSCRIBE_BLACKLIST_ducks: 'OSLO' },
      ['topic ducks is changed: retain unset → true, TTL unset → 60, subscribed at OSLO PARIS → PARIS'],
    ],
    [
      'settings of the process',
      { MQTTREP_MERGE_FREQUENCY: '2', MQTTREP_SCAN_PERIOD: 'off', MQTTREP_MAX_DRIFT: '5' },
      ['merge frequency 1 Hz → 2 Hz', 'scan period 600 s → never', 'greatest drift 60 s → 5 s'],
    ],
  ];
  for (const [what, more, lines] of cases) {
    it(`tell of ${what}`, () => {
      const { applied, left } = changes(more);
      expect({ applied, left }).to.deep.equal({ applied: lines, left: [] });
      expect(applied.join()).to.not.contain('s3cret');
    });
  }

  it('tell of a broker that is removed, not of the topics that went there', () => {
    expect(changes({}, ['MQTTREP_CLIENT_PARIS', 'MQTTREP_CONFIG_PARIS']).applied).to.deep.equal([
      'broker PARIS is removed',
    ]);
  });

  it('leave what takes a restart as it was', () => {
    const { config, applied, left } = changes({
      MQTTREP_STORE: '/elsewhere',
      MQTTREP_LOG_FORMAT: 'json',
      MQTTREP_LOG_LEVEL: 'debug',
    });
    expect(applied).to.deep.equal(['log level info → debug']);
    expect(left).to.deep.equal([
      'MQTTREP_STORE takes effect at the next start only',
      'MQTTREP_LOG_FORMAT takes effect at the next start only',
    ]);
    expect(config.store).to.deep.equal({ kind: 'folder', path: '/nowhere/.local/state/mqttrep' });
    expect(config.log).to.deep.equal({ level: 'debug', format: 'text' });
  });
});
