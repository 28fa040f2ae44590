/** The lines between the replicator and the brokers of a ring: what flows on them, and where one is broken. */

import type { Style } from '../model/link-states.ts';
import type { RatePair } from '../model/rate-columns.ts';
import { CARD, HUB, type Point, type Ring } from '../model/ring-layout.ts';

export interface SpokeEnd {
  readonly name: string;
  readonly look: Style;
  /** There is no connection. */
  readonly isDown: boolean;
  readonly rates: RatePair;
}

export function Spokes({ ring, ends }: { readonly ring: Ring; readonly ends: readonly SpokeEnd[] }) {
  return (
    <svg class="spokes" width={ring.width} height={ring.height} aria-hidden="true">
      {ends.map(({ name, look, isDown, rates }, i) => {
        const spot = ring.spots[i];
        if (spot === undefined) return null;
        const { received, published } = rates;
        return (
          <g key={name} class={`spoke ${isDown ? look.tone : ''}`}>
            <Lane from={spot} to={ring.middle} flows={!isDown && received > 0} />
            <Lane from={ring.middle} to={spot} flows={!isDown && published > 0} />
            {isDown && look.tone === 'bad' ? <Break at={outside(ring.middle, spot)} /> : null}
          </g>
        );
      })}
    </svg>
  );
}

interface LaneProps {
  readonly from: Point;
  readonly to: Point;
  readonly flows: boolean;
}

/** One direction. It is drawn to the right of the straight line, as seen in this direction. */
export function Lane({ from, to, flows }: LaneProps) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const shift = { x: (-(to.y - from.y) / length) * 4, y: ((to.x - from.x) / length) * 4 };
  const line = { x1: from.x + shift.x, y1: from.y + shift.y, x2: to.x + shift.x, y2: to.y + shift.y };
  return (
    <>
      <line {...line} class="lane" />
      {flows ? <line {...line} class="flow" /> : null}
    </>
  );
}

export function Break({ at }: { at: Point }) {
  return (
    <g class="break" transform={`translate(${at.x} ${at.y})`}>
      <circle r="13" />
      <path d="m-5 -5 10 10m0 -10-10 10" />
    </g>
  );
}

/** The middle of the visible part of a spoke, between the hub and the card. */
function outside(middle: Point, spot: Point): Point {
  const dx = spot.x - middle.x;
  const dy = spot.y - middle.y;
  const length = Math.hypot(dx, dy) || 1;
  const hub = HUB / length;
  const card = 1 - Math.min(CARD.width / 2 / Math.abs(dx || 1), CARD.height / 2 / Math.abs(dy || 1));
  const part = (hub + Math.max(hub, card)) / 2;
  return { x: middle.x + dx * part, y: middle.y + dy * part };
}
