/** Numbers, rates and times as short texts. */

const WHOLE = new Intl.NumberFormat('en');

const CLOCK = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

/** No line break between a number and its unit. */
const NBSP = '\u00a0';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAYS = 24 * HOUR;

/** `1,234` */
export function count(number: number): string {
  return WHOLE.format(number);
}

/** `1 topic`, `2 topics` */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A rate per second, with few digits: `0`, `0.3`, `12`, `1,234`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.05) return '<0.1';
  return perSecond < 9.95 ? perSecond.toFixed(1) : count(Math.round(perSecond));
}

/** A measured time: `0.4 ms`, `38 ms`, `1.2 s`. */
export function elapsed(milliseconds: number): string {
  if (milliseconds < 9.95) return `${trimmed(milliseconds)}${NBSP}ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}${NBSP}ms`;
  if (milliseconds < 59_950) return `${trimmed(milliseconds / SECOND)}${NBSP}s`;
  return span(milliseconds);
}

/** A duration in its one or two largest units: `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function span(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  if (time < MINUTE) return `${Math.floor(time / SECOND)}${NBSP}s`;
  if (time < HOUR) return `${Math.floor(time / MINUTE)}${NBSP}min`;
  if (time < DAYS) return twoUnits(time, { unit: HOUR, name: 'h' }, { unit: MINUTE, name: 'min' });
  return twoUnits(time, { unit: DAYS, name: 'd' }, { unit: HOUR, name: 'h' });
}

/** `now`, `12 s ago` */
export function ago(milliseconds: number): string {
  return milliseconds < SECOND ? 'now' : `${span(milliseconds)} ago`;
}

/** The time of day: `12:03:44` */
export function clock(at: number): string {
  return CLOCK.format(at);
}

export function dateAndTime(at: number): string {
  return DAY.format(at);
}

/** `12 B`, `3.4 kB` */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes}${NBSP}B`;
  return bytes < 1_000_000 ? `${trimmed(bytes / 1000)}${NBSP}kB` : `${trimmed(bytes / 1_000_000)}${NBSP}MB`;
}

interface Unit {
  readonly unit: number;
  readonly name: string;
}

function twoUnits(time: number, large: Unit, small: Unit): string {
  const rest = Math.floor((time % large.unit) / small.unit);
  const first = `${Math.floor(time / large.unit)}${NBSP}${large.name}`;
  return rest === 0 ? first : `${first} ${rest}${NBSP}${small.name}`;
}

function trimmed(number: number): string {
  return number.toFixed(1).replace(/\.0$/, '');
}
