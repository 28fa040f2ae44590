/** The single default metrics of prom-client. Its `collectDefaultMetrics` would also start timers that run all the time. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  export default function register(registry: Registry): void;
}
