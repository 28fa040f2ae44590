/**
 * The wait for a SUBACK. MQTT.js waits as long as the connection stands, but a broker may answer pings and no SUBSCRIBE. A
 * broker may also drop one SUBACK, if its queue is full, and answer all later packets.
 */

const CHECK_PERIOD_MS = 2_500;

/** Checks without a message, 30 s: some brokers replay all that they retain before they acknowledge a SUBSCRIBE. */
const SILENT_CHECKS = 12;

/**
 * Checks, 5 s to 7.5 s, after a later packet was answered. A SUBACK is lost if it is overtaken at this many checks, and no
 * message arrived meanwhile.
 */
const OVERTAKEN_CHECKS = 3;
const OVERTAKEN_SILENT_CHECKS = 2;

/** Checks, 30 s, after which an overtaken SUBACK is lost although messages arrive: these may be live. */
const MAX_OVERTAKEN_CHECKS = 12;

/** Checks in all, ten minutes: longer than the replay of as many messages as mqttrep can hold. */
const MAX_CHECKS = 240;

/** After this time only messages with the retain flag count as replayed. Live messages without it may never end. */
const UNFLAGGED_REPLAY_MS = 2 * 60_000;

export interface SubackWatch {
  readonly end: () => void;
  /** A packet that was sent later is answered. */
  readonly overtaken: () => void;
}

interface Checks {
  readonly all: number;
  readonly silent: number;
  readonly overtaken: number;
}

/** How many messages a connection has received, and how many of them with the retain flag. */
export interface Received {
  readonly messages: number;
  readonly retained: number;
}

/** @param timedOut called once, with the reason, when the SUBACK counts as lost */
export function watchSubackTimeout(
  received: () => Received,
  timedOut: (reason: string) => void,
): SubackWatch {
  const begin = performance.now();
  let isOvertaken = false;
  let before: Received = { ...received() };
  const checks = { all: 0, silent: 0, overtaken: 0 };
  const end = () => clearInterval(timer);
  const check = () => {
    const { messages, retained } = received();
    const mayBeUnflagged = performance.now() - begin < UNFLAGGED_REPLAY_MS;
    const hasMessage = retained > before.retained || (mayBeUnflagged && messages > before.messages);
    before = { messages, retained };
    checks.all++;
    checks.silent = hasMessage ? 0 : checks.silent + 1;
    if (isOvertaken) checks.overtaken++;
    const reason = reasonOf(checks);
    if (reason === undefined) return;
    end();
    timedOut(reason);
  };
  const timer = setInterval(check, CHECK_PERIOD_MS);
  return {
    end,
    overtaken: () => {
      isOvertaken = true;
    },
  };
}

function reasonOf({ all, silent, overtaken }: Checks): string | undefined {
  const isLost = overtaken >= OVERTAKEN_CHECKS && silent >= OVERTAKEN_SILENT_CHECKS;
  if (isLost || overtaken >= MAX_OVERTAKEN_CHECKS)
    return 'no answer to SUBSCRIBE, though the broker answered what was sent later';
  if (silent >= SILENT_CHECKS) return within(SILENT_CHECKS);
  return all >= MAX_CHECKS ? within(MAX_CHECKS) : undefined;
}

function within(checks: number): string {
  return `no answer to SUBSCRIBE within ${(checks * CHECK_PERIOD_MS) / 1000} s`;
}
