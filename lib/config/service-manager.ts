/** What a service manager (systemd, or whoever speaks its protocol) wants to be told, as its variables say. */

export interface ServiceManager {
  /** Milliseconds within which it wants to hear that we are alive; undefined where it does not ask. */
  readonly watchdog: number | undefined;
}

/**
 * Undefined where there is none that wants to be told anything.
 * @param pid ours: the watchdog may be meant for another process
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
