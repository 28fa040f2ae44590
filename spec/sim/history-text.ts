/**
 * Histories as text that a person can read, and that can be played again:
 *
 *     brokers A MQTT5 150ms, B MQTT3.1.1 0ms; merge 10Hz; store 1ms
 *     A writes a=0
 *     A deletes a
 *     wait 150ms
 *     cut B
 *     expect a=1 b=2
 */

import type { History, Step } from './history.ts';

const NAMES = 'ABCDE';

export function formatHistory({ world, steps, expected }: History): string {
  const brokers = world.brokers.map(
    ({ mqtt5, latency }, index) => `${NAMES[index]} ${mqtt5 ? 'MQTT5' : 'MQTT3.1.1'} ${latency}ms`,
  );
  const lines = [
    `brokers ${brokers.join(', ')}; merge ${world.mergeFrequency ?? 10}Hz; store ${world.storeLatency ?? 1}ms`,
    ...steps.map(formatStep),
  ];
  if (expected !== undefined) {
    lines.push(['expect', ...[...expected].map(([topic, payload]) => `${topic}=${payload}`)].join(' '));
  }
  return `${lines.join('\n')}\n`;
}

function formatStep(step: Step): string {
  switch (step.kind) {
    case 'write':
      return step.payload === ''
        ? `${NAMES[step.broker]} deletes ${step.topic}`
        : `${NAMES[step.broker]} writes ${step.topic}=${step.payload}`;
    case 'pass':
      return `${NAMES[step.broker]} passes ${step.topic}=${step.payload}`;
    case 'wait':
      return `wait ${step.milliseconds}ms`;
    case 'lag':
      return `lag ${NAMES[step.broker]} ${step.latency}ms`;
    case 'crash':
    case 'rest':
      return step.kind;
    default:
      return `${step.kind} ${NAMES[step.broker]}`;
  }
}

/** @throws SyntaxError that names the line */
export function parseHistory(text: string): History {
  const [head = '', ...lines] = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  const parts = /^brokers (.*); merge ([\d.]+)Hz; store (\d+)ms$/.exec(head);
  if (parts === null) throw new SyntaxError(`not the head of a history: ${head}`);
  const brokers = (parts[1] ?? '').split(', ').map(broker => {
    const [, version = '', latency = ''] = broker.split(' ');
    return { mqtt5: version === 'MQTT5', latency: Number.parseInt(latency, 10) };
  });
  const expectation = lines.find(line => line.startsWith('expect'));
  const expected = expectation
    ?.split(' ')
    .slice(1)
    .map(pair => pair.split('=') as [string, string]);
  return {
    world: { brokers, mergeFrequency: Number(parts[2]), storeLatency: Number(parts[3]) },
    steps: lines.filter(line => line !== expectation).map(parseStep),
    ...(expected === undefined ? {} : { expected: new Map(expected) }),
  };
}

const BROKER_STEPS = ['cut', 'heal', 'wipe', 'autosave', 'go back'] as const;

function parseStep(line: string): Step {
  if (line === 'crash' || line === 'rest') return { kind: line };
  const wait = /^wait (\d+)ms$/.exec(line);
  if (wait !== null) return { kind: 'wait', milliseconds: Number(wait[1]) };
  const client = /^([A-E]) (writes|passes) ([^=]+)=(.+)$/.exec(line);
  if (client !== null) {
    const [, name = '', verb, topic = '', payload = ''] = client;
    return { kind: verb === 'writes' ? 'write' : 'pass', broker: NAMES.indexOf(name), topic, payload };
  }
  const deletion = /^([A-E]) deletes (.+)$/.exec(line);
  if (deletion !== null) {
    const [, name = '', topic = ''] = deletion;
    return { kind: 'write', broker: NAMES.indexOf(name), topic, payload: '' };
  }
  const lag = /^lag ([A-E]) (\d+)ms$/.exec(line);
  if (lag !== null) return { kind: 'lag', broker: NAMES.indexOf(lag[1] ?? ''), latency: Number(lag[2]) };
  const kind = BROKER_STEPS.find(step => line.startsWith(`${step} `));
  if (kind === undefined) throw new SyntaxError(`not a step of a history: ${line}`);
  return { kind, broker: NAMES.indexOf(line.slice(kind.length + 1)) };
}
