/** Reads a socket empty, whatever the parser makes of it meanwhile. */

import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';

/**
 * Bytes that are taken off a socket ahead of the parser. mosquitto writes all that it retains at once, and drops
 * what its socket does not take: measured, over half of 100,000 messages where the parser set the pace.
 */
const READ_AHEAD = 32 * 1024 * 1024;

/** MQTT.js has no option for it, but the streams that are made meanwhile take what Node has as the default. */
export function readingAhead<T>(connect: () => T): T {
  const usual = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, READ_AHEAD);
  try {
    return connect();
  } finally {
    setDefaultHighWaterMark(false, usual);
  }
}
