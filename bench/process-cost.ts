/** What processes cost, from /proc: processor time in steps of 10 ms, and memory. Linux only. */

import { readFileSync } from 'node:fs';

const MILLISECONDS_PER_TICK = 10;

/** Milliseconds of processor time by process id, since each process began. */
export type Costs = ReadonlyMap<number, number>;

export function costsOf(pids: readonly number[]): Costs {
  return new Map(pids.map(pid => [pid, cpuOf(pid)]));
}

/** Milliseconds spent by those processes since `before`; a process that was not there then counts whole. */
export function spentSince(before: Costs, pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOf(pid) - (before.get(pid) ?? 0), 0);
}

/** The largest memory that they have had in RAM since their start, summed, in megabytes. */
export function peakMegabytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + memory(pid, 'VmHWM'), 0);
}

/** What they have in RAM now, summed, in megabytes. */
export function residentMegabytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + memory(pid, 'VmRSS'), 0);
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, may itself hold blanks and parentheses. utime is field 14, stime field 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MILLISECONDS_PER_TICK;
}

function memory(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no memory: it has ended`);
  return (Number(kibibytes) * 1024) / 1e6;
}
