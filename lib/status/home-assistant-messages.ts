/** What Home Assistant is told: one device, found by MQTT discovery, and its state as JSON. Pure functions of the status. */

import type { OwnMessage } from '../protocol/control-messages.ts';
import { discoveryTopic, homeAssistantTopic } from '../protocol/control-topics.ts';
import type { BrokerStatus, Status } from './api.ts';

/** Home Assistant takes the state for unknown if it is not renewed within this time. */
export const STATE_EXPIRY_SECONDS = 120;

/** A change that waits for longer is a problem. */
const PROBLEM_LAG_MS = 60_000;

export type DeviceStatus = Pick<Status, 'version' | 'replica' | 'brokers' | 'topics'> & {
  /** Since the start. */
  readonly conflicts: number;
};

/** Removes the device from a broker. */
export function removal(replica: string): OwnMessage {
  return { topic: discoveryTopic(replica), payload: '' };
}

/** @param prefix the beginning of mqttrep's own topics */
export function deviceMessages(status: DeviceStatus, prefix: string, now: number): OwnMessage[] {
  const topic = homeAssistantTopic(prefix, status.replica);
  return [
    { topic: discoveryTopic(status.replica), payload: JSON.stringify(discovery(status, topic)) },
    { topic: `${topic}/state`, payload: JSON.stringify(state(status, now)) },
    { topic: `${topic}/availability`, payload: 'online', farewell: 'offline' },
  ];
}

function discovery({ version, replica, brokers }: DeviceStatus, topic: string): object {
  const id = `mqttrep_${replica}`;
  const component = (key: string, platform: string, name: string, more: object) => [
    key,
    { p: platform, unique_id: `${id}_${key}`, name, value_template: `{{ value_json.${key} }}`, ...more },
  ];
  const onOff = { payload_on: 'on', payload_off: 'off', expire_after: STATE_EXPIRY_SECONDS };
  const measured = { state_class: 'measurement', expire_after: STATE_EXPIRY_SECONDS };
  return {
    device: { identifiers: [id], name: 'mqttrep', model: 'MQTT replicator', sw_version: version },
    origin: { name: 'mqttrep', sw_version: version },
    availability_topic: `${topic}/availability`,
    state_topic: `${topic}/state`,
    components: Object.fromEntries([
      component('problem', 'binary_sensor', 'Problem', { device_class: 'problem', ...onOff }),
      component('diverging', 'sensor', 'Diverging topics', measured),
      component('refused', 'sensor', 'Refused topics', measured),
      component('conflicts', 'sensor', 'Conflicts', {
        state_class: 'total_increasing',
        expire_after: STATE_EXPIRY_SECONDS,
      }),
      component('lag', 'sensor', 'Lag', { device_class: 'duration', unit_of_measurement: 's', ...measured }),
      ...brokers.flatMap(({ name }) => [
        component(`connected_${keyOf(name)}`, 'binary_sensor', `${name} connected`, {
          device_class: 'connectivity',
          ...onOff,
        }),
        component(`lag_${keyOf(name)}`, 'sensor', `${name} lag`, {
          device_class: 'duration',
          unit_of_measurement: 's',
          ...measured,
        }),
      ]),
    ]),
  };
}

function state({ brokers, topics, conflicts }: DeviceStatus, now: number): Record<string, string | number> {
  const lags = brokers.map(broker => lagOf(broker, now));
  return {
    problem: onOrOff(brokers.some(broker => hasProblem(broker, now))),
    diverging: topics.diverging,
    refused: topics.blocked,
    conflicts,
    lag: Math.max(0, ...lags),
    ...Object.fromEntries(
      brokers.flatMap((broker, index) => [
        [`connected_${keyOf(broker.name)}`, onOrOff(broker.state === 'ready')],
        [`lag_${keyOf(broker.name)}`, lags[index] ?? 0],
      ]),
    ),
  };
}

function hasProblem(broker: BrokerStatus, now: number): boolean {
  const { state, blocked, deletionsHeld, behindSince } = broker;
  const isLate = behindSince !== null && now - behindSince > PROBLEM_LAG_MS;
  return state !== 'ready' || blocked > 0 || deletionsHeld > 0 || isLate;
}

/** Whole seconds: a state that changes less often costs fewer messages. */
function lagOf({ behindSince }: BrokerStatus, now: number): number {
  return behindSince === null ? 0 : Math.max(0, Math.round((now - behindSince) / 1_000));
}

function onOrOff(is: boolean): 'on' | 'off' {
  return is ? 'on' : 'off';
}

/** A name as a key of JSON and of templates: other characters than letters, digits and `_` are written as their codes. */
function keyOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, character => `_${character.charCodeAt(0).toString(16)}`);
}
