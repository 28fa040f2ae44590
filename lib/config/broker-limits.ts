/** Limits of a broker that mqttrep keeps, as the user or a profile sets them. Each is an option of its own. */

interface LimitOption {
  readonly least: number;
  readonly most: number;
  /** For `a whole number…`. */
  readonly unit: string;
  /** Behind the number, for people. */
  readonly shown: string;
}

export type LimitName =
  | 'maxLevels'
  | 'maxTopicLength'
  | 'maxPacketSize'
  | 'maxFilters'
  | 'maxInFlight'
  | 'maxRate'
  | 'maxBytesPerSecond';

export const BROKER_LIMITS: Readonly<Record<LimitName, LimitOption>> = {
  maxLevels: { least: 1, most: 65_536, unit: '', shown: '' },
  maxTopicLength: { least: 1, most: 65_535, unit: ' of bytes', shown: ' bytes' },
  maxPacketSize: { least: 128, most: 268_435_460, unit: ' of bytes', shown: ' bytes' },
  maxFilters: { least: 1, most: 65_535, unit: '', shown: '' },
  maxInFlight: { least: 1, most: 65_535, unit: '', shown: '' },
  maxRate: { least: 1, most: 1_000_000, unit: ' of messages a second', shown: '/s' },
  maxBytesPerSecond: { least: 1_000, most: 2 ** 31 - 1, unit: ' of bytes a second', shown: '' },
};

/** A limit that is absent does not exist. */
export type BrokerLimits = { readonly [Name in LimitName]?: number };

export const LIMIT_NAMES = Object.keys(BROKER_LIMITS) as readonly LimitName[];

/** The limits that are set, by their names in the order of the table. */
export function limitsIn(all: BrokerLimits): [name: LimitName, limit: number][] {
  return LIMIT_NAMES.flatMap((name): [LimitName, number][] => {
    const limit = all[name];
    return limit === undefined ? [] : [[name, limit]];
  });
}
