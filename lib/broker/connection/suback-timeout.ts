/**
 * A broker that answers pings, but not a SUBSCRIBE: MQTT.js waits for the SUBACK as long as the connection stands. A broker
 * may also drop one SUBACK, as mosquitto does where its queue is full, and answer all that comes later.
 */

import type { MqttClient, Packet } from 'mqtt';

/** Milliseconds between two looks. */
const CHECK_PERIOD_MS = 2_500;

/** Looks without a message, 30 s: some brokers show all that they retain before they acknowledge a SUBSCRIBE. */
const SILENT_CHECKS = 12;

/**
 * A SUBACK is lost where a later packet was answered at so many looks, 5 s to 7.5 s, and nothing was shown meanwhile. Where
 * something is shown, that may be live, so it is lost after 30 s all the same.
 */
const OVERTAKEN_CHECKS = 3;
const OVERTAKEN_SILENT_CHECKS = 2;
const MAX_OVERTAKEN_CHECKS = 12;

/** Looks in all, ten minutes: more than a replay takes of which mqttrep can hold the messages. */
const MAX_CHECKS = 240;

/**
 * Milliseconds after which only messages with the retain flag are taken for the replay. Others are written live, and that
 * may go on for ever.
 */
const UNFLAGGED_REPLAY_MS = 2 * 60_000;

export interface SilenceWatch {
  readonly end: () => void;
  /** What was sent later is answered. */
  readonly passedOver: () => void;
}

/** @param silent called once, with the reason, when the answer is awaited no longer */
export function watchSilence(client: MqttClient, silent: (reason: string) => void): SilenceWatch {
  const begin = performance.now();
  let wasHeard = false;
  let isPassedOver = false;
  const looks = { all: 0, silent: 0, passedOver: 0 };
  const hear = (packet: Packet) => {
    if (packet.cmd === 'publish')
      wasHeard ||= packet.retain || performance.now() - begin < UNFLAGGED_REPLAY_MS;
  };
  const end = () => {
    clearInterval(timer);
    client.off('packetreceive', hear);
  };
  const look = () => {
    looks.all++;
    looks.silent = wasHeard ? 0 : looks.silent + 1;
    if (isPassedOver) looks.passedOver++;
    wasHeard = false;
    const reason = reasonOf(looks);
    if (reason === undefined) return;
    end();
    silent(reason);
  };
  const timer = setInterval(look, CHECK_PERIOD_MS);
  client.on('packetreceive', hear);
  return {
    end,
    passedOver: () => {
      isPassedOver = true;
    },
  };
}

function reasonOf(looks: {
  readonly all: number;
  readonly silent: number;
  readonly passedOver: number;
}): string | undefined {
  const isPassedOver = looks.passedOver >= OVERTAKEN_CHECKS && looks.silent >= OVERTAKEN_SILENT_CHECKS;
  if (isPassedOver || looks.passedOver >= MAX_OVERTAKEN_CHECKS)
    return 'no answer to SUBSCRIBE, though the broker answered what was sent later';
  if (looks.silent >= SILENT_CHECKS) return within(SILENT_CHECKS);
  return looks.all >= MAX_CHECKS ? within(MAX_CHECKS) : undefined;
}

function within(looks: number): string {
  return `no answer to SUBSCRIBE within ${(looks * CHECK_PERIOD_MS) / 1000} s`;
}
