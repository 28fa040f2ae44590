/** The cost of mapping rules: the CPU time to map a topic, without the network. */

import { NameMap } from '../lib/routes/name-map.ts';
import { NO_ENVELOPE, parseRule, type Rule } from '../lib/routes/rule.ts';
import type { Plan, Result, Scenario } from './scenario.ts';
import { atMost } from './targets.ts';

const RULES = 20;
const TARGET_US = 0.3;

export const names: Scenario = {
  name: 'names',
  about: `topics of 4 levels, mapped by ${RULES} rules; CPU time`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const topics = size === 'quick' ? 1_000 : 100_000;
    const rounds = size === 'quick' ? 1 : 20;
    const map = new NameMap({
      rules: Array.from({ length: RULES }, (_, area) => ruleOf(area)),
      envelope: NO_ENVELOPE,
      domain: { filters: ['#'], excluded: [] },
      controlPrefix: 'mqttrep',
    });
    const canonical = Array.from(
      { length: topics },
      (_, room) => `area${room % (RULES + 5)}/room${room}/sensor/temperature`,
    );
    const local = canonical.map(topic => map.toLocal(topic) ?? topic);
    const costs: [name: string, value: number][] = [
      ['to the broker', costOf(canonical, rounds, topic => map.toLocal(topic))],
      ['from the broker', costOf(local, rounds, name => map.toCanonical(name))],
    ];
    yield {
      variant: '',
      columns: [
        {
          subject: `${RULES} rules`,
          figures: costs.map(([name, value]) => ({ name, unit: 'µs', values: [value] })),
        },
      ],
      targets: costs.flatMap(([name, value]) => atMost(name, value, TARGET_US, 'µs')),
    };
  },
};

function ruleOf(area: number): Rule {
  const parsed = parseRule(`area${area}/+/sensor/# -> site/{broker}/area${area}/$1/s/$rest`, 'oslo');
  if ('problem' in parsed || parsed.rule === undefined) throw new Error('the rule is refused');
  return parsed.rule;
}

/** Each topic is a new text, as it is when it comes from a socket. */
function costOf(
  topics: readonly string[],
  rounds: number,
  map: (topic: string) => string | undefined,
): number {
  const bytes = topics.map(topic => Buffer.from(topic));
  const measure = (work: (topic: string) => unknown) => {
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) for (const each of bytes) work(each.toString('latin1'));
    return process.cpuUsage(before).user / (rounds * bytes.length);
  };
  const idle = () => undefined;
  for (const work of [map, idle]) measure(work);
  return measure(map) - measure(idle);
}
