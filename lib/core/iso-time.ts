/**
 * Times in ISO 8601. Every replica reads the same: a time without a zone is UTC, while `Date.parse` takes the zone of the
 * machine, and no digit of a fraction is lost.
 */

export interface Time {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number;
  /** Digits after the decimal point, without zeros at the end. */
  readonly fraction: string;
}

const MAX_TIME_CHARACTERS = 64;
const EXTENDED =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[Tt ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?(?:[Zz]|(?<sign>[+-])(?<east>\d\d)(?::?(?<eastMinute>\d\d))?)?)?$/;
const BASIC =
  /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)[Tt](?<hour>\d\d)(?<minute>\d\d)(?:(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?(?:[Zz]|(?<sign>[+-])(?<east>\d\d)(?::?(?<eastMinute>\d\d))?)?$/;

/** Reads `2024-05-01`, `2024-05-01T12:00:00.5+02:00`, `20240501T120000Z`; undefined for a text that is not a time. */
export function parseIsoTime(text: string): Time | undefined {
  if (text.length > MAX_TIME_CHARACTERS) return undefined;
  const groups = (EXTENDED.exec(text) ?? BASIC.exec(text))?.groups;
  if (groups === undefined) return undefined;
  const number = (name: string) => Number(groups[name] ?? 0);
  const [hour, minute, second] = [number('hour'), number('minute'), number('second')];
  const [east, eastMinute] = [number('east'), number('eastMinute')];
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60 || east > 23 || eastMinute > 59) return undefined;
  const midnight = midnightOf(number('year'), number('month'), number('day'));
  if (midnight === undefined) return undefined;
  const offset = (east * 60 + eastMinute) * (groups['sign'] === '-' ? -60 : 60);
  return {
    seconds: midnight + hour * 3600 + minute * 60 + second - offset,
    fraction: withoutEndZeros(groups['fraction'] ?? ''),
  };
}

/** Undefined for an invalid date. */
export function timeOf(date: Date): Time | undefined {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) return undefined;
  const seconds = Math.floor(milliseconds / 1000);
  const rest = milliseconds - seconds * 1000;
  return { seconds, fraction: withoutEndZeros(String(rest).padStart(3, '0')) };
}

export function compareTimes(a: Time, b: Time): number {
  if (a.seconds !== b.seconds) return a.seconds - b.seconds;
  return a.fraction < b.fraction ? -1 : a.fraction > b.fraction ? 1 : 0;
}

/** Seconds since 1970; undefined for a date that does not exist, such as the 30th of February. */
function midnightOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 1000 : undefined;
}

function withoutEndZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
