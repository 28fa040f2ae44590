/** A profile decides what the user leaves open, and what its limits do not allow is said at the start. */

import { expect } from 'chai';
import { parseBrokerOptions } from '../../lib/config/broker-options.ts';
import { PROFILE_NAMES, PROFILES } from '../../lib/config/profiles.ts';
import { readConfig } from '../../lib/config/read-config.ts';

const read = (environment: Readonly<Record<string, string>>) =>
  readConfig(
    {
      MQTTREP_CLIENT_OSLO: 'mqtt://oslo.example',
      MQTTREP_CLIENT_CLOUD: 'mqtts://cloud.example',
      MQTTREP_CONFIG_CLOUD: '{"profile":"aws-iot"}',
      ...environment,
    },
    () => '',
  );

describe('A profile', () => {
  const optionsOf = (options: object) => {
    const parsed = parseBrokerOptions(JSON.stringify(options));
    if (!('value' in parsed)) throw new Error(JSON.stringify(parsed));
    return parsed.value;
  };

  for (const profile of PROFILE_NAMES) {
    it(`sets all values of ${profile} that the user does not set`, () => {
      const { values } = PROFILES[profile];
      expect(optionsOf({ profile })).to.include({ ...values, profile });
      const own = optionsOf({ profile, maxRate: 7, maxQos: 2, maxLevels: 3 });
      expect(own).to.include({ ...values, maxRate: 7, maxQos: 2, maxLevels: 3 });
      expect(own.fromProfile).not.to.include.members(['maxRate']);
      expect(own.options).to.deep.equal({});
    });
  }

  it('must be a known one', () => {
    expect(JSON.stringify(parseBrokerOptions('{"profile":"aws"}'))).to.contain(
      'aws-iot, event-grid or hivemq-cloud',
    );
  });

  it('refuses a filter with more levels than its broker accepts, and names the fix', () => {
    const result = read({ MQTTREP_TOPIC_deep: '1/2/3/4/5/6/7/8/#' });
    expect(result.ok).to.equal(false);
    if (result.ok) return;
    expect(result.errors).to.have.lengthOf(1);
    expect(result.errors[0]?.variable).to.equal('MQTTREP_TOPIC_deep');
    expect(result.errors[0]?.problem).to.contain('has 9 levels, and CLOUD accepts 8');
    expect(result.errors[0]?.fix).to.contain('MQTTREP_SUBSCRIBE_BLACKLIST_deep');
    expect(read({ MQTTREP_TOPIC_deep: '1/2/3/4/5/6/7/#' }).ok).to.equal(true);
  });

  it('warns of more filters than a connection may have', () => {
    const topics = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`MQTTREP_TOPIC_${index}`, `t/${index}`]),
      );
    expect(read(topics(35)).warnings).to.deep.equal([]);
    const [warning] = read(topics(36)).warnings;
    expect(warning?.variable).to.equal('MQTTREP_CONFIG_CLOUD');
    expect(warning?.problem).to.contain('36 filters');
  });
});
