/** Paths that name a broker. */

import { BadRequest } from './api-requests.ts';

/** `/api/v1/brokers/{name}`. */
const DETAILS_PATH = /^\/api\/v1\/brokers\/([^/]+)$/;

/**
 * The name of the broker whose details the path means; undefined if it means something else.
 * @throws {BadRequest}
 */
export function brokerIn(path: string): string | undefined {
  const encoded = DETAILS_PATH.exec(path)?.[1];
  return encoded === undefined ? undefined : nameIn(encoded);
}

/** @throws {BadRequest} */
export function nameIn(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new BadRequest('the percent-encoding of the broker name is wrong');
  }
}
