/** The names of topics at a broker, in both directions, and the filters to subscribe to. */

import { expect } from 'chai';
import { NameMap } from '../../lib/routes/name-map.ts';
import { namesOf } from './names.ts';

describe('NameMap', () => {
  const pairs: readonly (readonly [rule: string, canonical: string, local: string])[] = [
    ['prefix: site/oslo/', 'home/door', 'site/oslo/home/door'],
    ['prefix: site/{broker}/', 'door', 'site/oslo/door'],
    ['suffix: /retained', 'home/door', 'home/door/retained'],
    ['prefix: KEY/ suffix: /', 'home/door', 'KEY/home/door/'],
    ['home/# -> site/oslo/$rest', 'home/kitchen/door', 'site/oslo/kitchen/door'],
    ['home/# → site/oslo/$rest', 'home', 'site/oslo'],
    ['home/# -> site/oslo/$rest', 'garden/door', 'garden/door'],
    ['home/# -> site/oslo/$rest', 'home/', 'site/oslo/'],
    ['home/+/temp/# -> t/{broker}/$1/$rest', 'home/kitchen/temp/in/1', 't/oslo/kitchen/in/1'],
    ['home/+/+ -> $2/of/$1', 'home/kitchen/door', 'door/of/kitchen'],
    ['home/+/+ -> $2/of/$1', 'home//door', 'door/of/'],
    ['zigbee/+/state -> home/dev-$1/state', 'zigbee/lamp/state', 'home/dev-lamp/state'],
    ['zigbee/+ -> home/$1-state', 'zigbee/lamp', 'home/lamp-state'],
    ['site/{broker}/# -> $rest', 'site/oslo/home/door', 'home/door'],
    ['# -> $rest/mqttrep', 'home/door', 'home/door/mqttrep'],
    ['a/+/# -> x/$rest/y/$1', 'a/b/c/d', 'x/c/d/y/b'],
    ['a/+/# -> x/$rest/y/$1', 'a/b', 'x/y/b'],
  ];
  for (const [rule, canonical, local] of pairs) {
    it(`by ${rule} knows ${canonical} as ${local}`, () => {
      const map = new NameMap(namesOf([rule]));
      expect([map.toLocal(canonical), map.toCanonical(local)]).to.deep.equal([local, canonical]);
    });
  }

  it('prefers the narrower one of two rules', () => {
    const map = new NameMap(
      namesOf(['home/# -> site/$rest', 'home/secret/# -> vault/$rest'], { filters: ['home/#'] }),
    );
    expect([map.toLocal('home/door'), map.toLocal('home/secret/door')]).to.deep.equal([
      'site/door',
      'vault/door',
    ]);
    expect(map.toCanonical('vault/door')).to.equal('home/secret/door');
  });

  const nameless: readonly (readonly [why: string, rules: readonly string[], name: string])[] = [
    ['has another prefix', ['prefix: site/oslo/'], 'site/paris/home/door'],
    ['is only the prefix', ['prefix: site/oslo/'], 'site/oslo'],
    [
      'has a topic that a narrower rule names differently',
      ['home/# -> site/$rest', 'home/a/# -> b/$rest'],
      'site/a/x',
    ],
    ['is the canonical name of a topic that is named differently', ['home/# -> site/$rest'], 'home/door'],
  ];
  for (const [why, rules, name] of nameless) {
    it(`knows no topic whose name at the broker ${why}`, () => {
      expect(new NameMap(namesOf(rules, { filters: ['home/#'] })).toCanonical(name)).to.equal(undefined);
    });
  }

  it('does not take a name for a topic that is not replicated', () => {
    const map = new NameMap(
      namesOf(['site/# -> $rest'], { filters: ['site/#'], excluded: ['site/secret/#'] }),
    );
    expect([map.toCanonical('a'), map.toCanonical('secret/a')]).to.deep.equal(['site/a', undefined]);
  });

  it('gives no topic a name that the broker or mqttrep uses itself', () => {
    const map = new NameMap(namesOf(['home/# -> $rest']));
    for (const taken of ['mqttrep/a/marker/oslo', 'mqttrep', '$SYS/uptime', 'ActiveMQ/a']) {
      expect(map.toLocal(`home/${taken}`)).to.equal(undefined);
    }
  });

  it('leaves control topics as they are', () => {
    const map = new NameMap(namesOf(['prefix: site/oslo/']));
    const marker = 'mqttrep/1/marker/oslo';
    expect([map.toLocal(marker), map.toCanonical(marker)]).to.deep.equal([marker, marker]);
    expect(map.toLocal('mqttrepair/a')).to.equal('site/oslo/mqttrepair/a');
    expect(map.toLocalFilters(['mqttrep/+/marker/+'])).to.deep.equal(['mqttrep/+/marker/+']);
  });

  it('maps control topics at a broker that needs it', () => {
    const map = new NameMap(namesOf(['prefix: site/ control: true']));
    const marker = 'mqttrep/1/marker/oslo';
    expect([map.toLocal(marker), map.toCanonical(`site/${marker}`)]).to.deep.equal([
      `site/${marker}`,
      marker,
    ]);
  });

  it('adds a hidden prefix, which the broker removes, to all that goes there', () => {
    const map = new NameMap(namesOf(['hiddenPrefix: KEY/ suffix: /']));
    expect(map.toLocal('home/door')).to.equal('KEY/home/door/');
    expect(map.toCanonical('home/door/')).to.equal('home/door');
    expect(map.toLocal('mqttrep/1/probe/oslo')).to.equal('KEY/mqttrep/1/probe/oslo/');
    expect(map.toCanonical('mqttrep/1/probe/oslo/')).to.equal('mqttrep/1/probe/oslo');
    expect(map.toLocalFilters(['home/#'])).to.deep.equal(['KEY/home/#']);
  });

  it('has the marker elsewhere with other rules or exclusions, so that nothing looks deleted that has another name', () => {
    const marker = 'mqttrep/1/marker/oslo';
    const names = namesOf(['prefix: site/oslo/']);
    for (const digest of ['abc', 'x_-9']) {
      const map = new NameMap({ ...names, digest });
      expect(map.toLocal(marker)).to.equal(`${marker}@${digest}`);
      expect(map.toCanonical(`${marker}@${digest}`)).to.equal(marker);
      expect(map.toLocalFilters([marker])).to.deep.equal([`${marker}@${digest}`]);
      expect(map.toCanonical(`${marker}@other`)).to.equal(`${marker}@other`);
      expect(map.toLocal(`${marker}@other`)).to.equal(`${marker}@other`);
      expect(map.toLocal('mqttrep/1/presence/oslo')).to.equal('mqttrep/1/presence/oslo');
      expect(map.toLocalFilters(['mqttrep/+/marker/+'])).to.deep.equal(['mqttrep/+/marker/+']);
      expect(map.toLocal('home/marker/oslo')).to.equal('site/oslo/home/marker/oslo');
    }
  });

  const probes: readonly (readonly [rules: readonly string[], topic: string, local: string | undefined])[] = [
    [['prefix: site/'], 'home', 'site/home'],
    [['home/# -> site/a/$rest'], 'home', 'site/a'],
    [['home/# -> site/a/$rest'], 'garden', 'garden'],
    [['home/door -> door'], 'home', undefined],
    [['home/+ -> $1/of/home'], 'home', undefined],
    [['home/# -> site/$rest', 'home/door -> door'], 'home', undefined],
  ];
  for (const [rules, parent, local] of probes) {
    it(`by ${rules.join(' and ')} ${local === undefined ? 'cannot prove what it reads' : `proves what it reads below ${local}`} for topics below ${parent}`, () => {
      const map = new NameMap(namesOf(rules, { filters: ['home/door'] }));
      const probe = `${parent}/mqttrep-read-probe`;
      const name = local === undefined ? undefined : `${local}/mqttrep-read-probe`;
      expect(map.toLocal(probe)).to.equal(name);
      if (name !== undefined) expect(map.toCanonical(name)).to.equal(probe);
    });
  }

  const filters: readonly (readonly [
    rules: readonly string[],
    canonical: readonly string[],
    local: readonly string[],
  ])[] = [
    [['prefix: site/oslo/'], ['#'], ['site/oslo/#']],
    [['prefix: site/oslo/'], ['home/+', 'a'], ['site/oslo/home/+', 'site/oslo/a']],
    [['suffix: /z'], ['home/+', 'b/#'], ['home/+/z', 'b/#']],
    [['home/# -> site/$rest'], ['home/#'], ['site/#']],
    [['home/# -> site/$rest'], ['home/a/#', 'b'], ['site/a/#', 'b']],
    [['home/# -> site/$rest'], ['#'], ['#']],
    [['home/# -> site/b/$rest'], ['+/a'], ['site/b/a', '+/a']],
    [['home/# -> $rest'], ['home/#'], ['#']],
    [['a/+ -> home/dev-$1'], ['a/+'], ['home/+']],
    [['a/+ -> home/dev-$1'], ['a/lamp'], ['home/dev-lamp']],
    [['a/+/b -> b/$1'], ['a/#'], ['b/+', 'a/#']],
    [[], ['a/#', 'a/b'], ['a/#']],
  ];
  for (const [rules, canonical, local] of filters) {
    it(`by ${rules.join(' and ') || 'no rule'} subscribes to ${local.join(' and ')} for ${canonical.join(' and ')}`, () => {
      const found = new NameMap(namesOf(rules)).toLocalFilters(canonical);
      expect(found).to.have.members(local).and.to.have.lengthOf(local.length);
    });
  }

  it('maps a topic of the longest name and of the most levels', () => {
    const map = new NameMap(namesOf(['a/# -> b/$rest']));
    const deep = `a/${'/'.repeat(65_533)}`;
    expect(map.toLocal(deep)).to.equal(`b${deep.slice(1)}`);
    expect(new NameMap(namesOf(['prefix: site/'])).toLocal(deep)).to.equal(undefined);
  });
});
