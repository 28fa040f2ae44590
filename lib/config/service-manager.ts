/** What a service manager (systemd, or another one with its protocol) expects of mqttrep, as its variables say. */

export interface ServiceManager {
  /** Milliseconds within which it expects a sign of life; undefined if it expects none. */
  readonly watchdog: number | undefined;
}

/**
 * Undefined if no service manager expects messages.
 * @param pid of this process: the watchdog may be meant for another process
 */
export function readServiceManager(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): ServiceManager | undefined {
  if (!env['NOTIFY_SOCKET']) return undefined;
  const microseconds = Number(env['WATCHDOG_USEC']);
  const isOurs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
  return { watchdog: isOurs && microseconds > 0 ? microseconds / 1000 : undefined };
}
