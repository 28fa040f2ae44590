/** The settings table is consistent: every entry can be read, shown, reloaded and found by its name. */

import { expect } from 'chai';
import { BROKER_SETTINGS, OWN_OPTIONS } from '../../lib/config/broker-settings.ts';
import { changesBetween } from '../../lib/config/changes.ts';
import { describeConfig } from '../../lib/config/effective.ts';
import { HTTP_SETTINGS } from '../../lib/config/http-settings.ts';
import { PROCESS_SETTINGS } from '../../lib/config/process-settings.ts';
import { defaultOf, setting, settingsIn } from '../../lib/config/setting.ts';
import {
  OF_BROKER,
  OF_PROCESS,
  OF_ROUTE,
  OF_TOPIC,
  parseVariable,
  variableName,
} from '../../lib/config/variables.ts';
import { accepted, type Env, warningsOf } from './reading.ts';

const ALL = [...OF_BROKER, ...OF_TOPIC, ...OF_ROUTE, ...OF_PROCESS];

/** A value of each setting of the process that differs from its default. */
const OTHERS: Readonly<Record<string, string>> = {
  MERGE_FREQUENCY: '2',
  STORE: 'memory',
  CONTROL_TOPIC: 'site',
  STATE_TOPICS: 'true',
  HOMEASSISTANT: 'oslo',
  HEARTBEAT: '5',
  SCAN_PERIOD: '60',
  MAX_DRIFT: '5',
  DELETION_GUARD: '1,1%',
  EVENT_BYTES: '2G',
  EVENT_FULL: 'hold',
  EVENT_SYNC: '50',
  EVENT_SESSION: '3600',
  EVENT_HOPS: '2',
  EVENT_TREE: 'true',
  MAX_PAYLOAD: '1000',
  MAX_TOPICS: '1000',
  MAX_MEMORY: '2M',
  MAX_TOPIC_LENGTH: '100',
  MAX_LEVELS: '10',
  LOG_LEVEL: 'debug',
  LOG_FORMAT: 'json',
  HTTP: '9999',
  HTTP_TOKEN: 'sixteen-characters',
  HTTP_HOSTS: 'mqttrep',
  HTTP_PAYLOADS: 'false',
  HTTP_ACTIONS: 'true',
};

function otherValueOf(key: string): string {
  const value = OTHERS[key];
  if (value === undefined) throw new Error(`OTHERS in this file has no value of ${key}`);
  return value;
}

describe('the settings table', () => {
  it('has no key twice, and no key that begins with another one', () => {
    const keys = ALL.map(({ key }) => key);
    expect(new Set(keys).size).to.equal(keys.length);
    const named = [...OF_BROKER, ...OF_TOPIC].map(({ key }) => `${key}_`);
    for (const key of named) expect(named.filter(other => other.startsWith(key))).to.deep.equal([key]);
  });

  it('describes each setting in full sentences', () => {
    for (const { key, help } of ALL) expect(help, key).to.match(/^[A-Z`].*\.$/);
  });

  it('gives each setting a default, says what holds without one, or requires it', () => {
    for (const { key, default: text, unset, isRequired } of ALL) {
      expect(
        [text, unset, isRequired].filter(each => each !== undefined),
        key,
      ).to.have.lengthOf(1);
    }
  });

  it('has no empty default, which no document could show', () => {
    for (const { key, default: text } of ALL) expect(text, key).not.to.equal('');
  });

  it('has defaults that their own parsers accept', () => {
    for (const each of [
      ...settingsIn(PROCESS_SETTINGS),
      ...settingsIn(HTTP_SETTINGS),
      BROKER_SETTINGS.options,
    ]) {
      expect(() => defaultOf(each), each.key).not.to.throw();
    }
  });

  it('has a name for each setting that is recognised as a variable of it', () => {
    for (const each of OF_PROCESS) {
      expect(parseVariable(variableName(each), new Set())).to.deep.equal({ of: 'process', key: each.key });
    }
    for (const each of OF_BROKER) {
      expect(parseVariable(variableName(each, 'a'), new Set())).to.deep.include({
        of: 'broker',
        key: each.key,
      });
    }
    for (const [of, settings] of [
      ['topic', OF_TOPIC],
      ['route', OF_ROUTE],
    ] as const) {
      for (const { key } of settings) {
        expect(parseVariable(variableName({ key }, 'a'), new Set())).to.deep.include({ of, key });
      }
    }
  });

  for (const each of OF_PROCESS) {
    const variable = variableName(each);
    const needed: Env = each.key === 'HTTP_ACTIONS' ? { MQTTREP_HTTP_TOKEN: 'sixteen-characters' } : {};
    const another = (): Env => ({ ...needed, [variable]: otherValueOf(each.key) });

    it(`reads ${variable}, and \`mqttrep config\` shows it`, () => {
      const env = another();
      expect(warningsOf(env)).to.deep.equal([]);
      const [before, after] = [describeConfig(accepted(needed)), describeConfig(accepted(env))];
      expect(after.text).not.to.equal(before.text);
      expect(after.data).not.to.deep.equal(before.data);
    });

    it(`says at a reload that ${variable} is ${each.reload === 'applied' ? 'applied' : 'left until the next start'}`, () => {
      const env = another();
      const { config, applied, left } = changesBetween(accepted(needed), accepted(env));
      const [told, untold] = each.reload === 'applied' ? [applied, left] : [left, applied];
      expect(told.join()).to.contain(variable);
      expect(untold).to.deep.equal([]);
      expect(config).to.deep.equal(accepted(each.reload === 'applied' ? env : needed));
    });
  }

  it('masks a secret setting, whatever it says about showing it', () => {
    const secret = setting<string>({
      key: 'X',
      value: '',
      parse: text => ({ value: text }),
      unset: 'none',
      help: '',
      reload: 'applied',
      isSecret: true,
      show: text => text ?? '',
    });
    expect(secret.show('quack')).to.equal('***');
    expect(secret.show(undefined)).to.equal('none');
  });

  it('has options of its own that the JSON object of a broker accepts', () => {
    for (const { name } of OWN_OPTIONS) {
      const warnings = warningsOf({ MQTTREP_CONFIG_oslo: JSON.stringify({ [name]: 1 }) });
      expect(warnings.join(), name).not.to.contain('neither mqttrep nor MQTT.js');
    }
  });
});
