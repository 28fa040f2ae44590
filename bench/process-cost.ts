/** The processor time (in steps of 10 ms) and the memory of processes, from /proc. Linux only. */

import { readFileSync } from 'node:fs';

const PROC_TICK_MS = 10;

/** Milliseconds of processor time since the start of each process, by process id. */
export type Costs = ReadonlyMap<number, number>;

export function costsOf(pids: readonly number[]): Costs {
  return new Map(pids.map(pid => [pid, cpuOf(pid)]));
}

/** Milliseconds of processor time since `before`. For a process that has started since, all its time counts. */
export function spentSince(before: Costs, pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOf(pid) - (before.get(pid) ?? 0), 0);
}

/** The sum of the largest resident memory of each process since its start, in megabytes. */
export function peakMegabytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + memory(pid, 'VmHWM'), 0);
}

/** The sum of their resident memory now, in megabytes. */
export function residentMegabytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + memory(pid, 'VmRSS'), 0);
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, can contain blanks and parentheses. utime is field 14, stime field 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * PROC_TICK_MS;
}

function memory(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has ended, so its memory cannot be read`);
  return (Number(kibibytes) * 1024) / 1e6;
}
