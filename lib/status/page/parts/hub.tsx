/** The replicator in the middle, with the part of all topics that has converged. */

import type { Status, TopicCounts } from '../../api.ts';
import { HUB, type Point } from '../model/ring-layout.ts';

/** Radius and circumference of the dial, in units of the SVG. */
const RADIUS = 56;
const CIRCUMFERENCE = 2 * Math.PI * RADIUS;

interface HubProps {
  readonly status: Status;
  readonly at: Point | undefined;
}

export function Hub({ status, at }: HubProps) {
  const place = at === undefined ? {} : { left: `${at.x - HUB}px`, top: `${at.y - HUB}px` };
  const share = shareConverged(status.topics);
  return (
    <div class="hub" style={place}>
      <svg viewBox="-64 -64 128 128" aria-hidden="true">
        <circle class="disc" r="63" />
        <circle class="track" r={RADIUS} />
        {share > 0 ? (
          <circle
            class="dial"
            r={RADIUS}
            stroke-dasharray={`${share * CIRCUMFERENCE} ${CIRCUMFERENCE}`}
            transform="rotate(-90)"
          />
        ) : null}
      </svg>
      <p>
        <strong>{percent(share)}</strong>
        <span>converged</span>
        <span class="tick">{status.mergeFrequency} Hz</span>
      </p>
    </div>
  );
}

function shareConverged({ converged, diverging, blocked }: TopicCounts): number {
  const all = converged + diverging + blocked;
  return all === 0 ? 1 : converged / all;
}

/** 100 % only if all topics have converged. */
function percent(share: number): string {
  if (share === 1) return '100\u00a0%';
  return share > 0.99
    ? `${(Math.floor(share * 1000) / 10).toFixed(1)}\u00a0%`
    : `${Math.floor(share * 100)}\u00a0%`;
}
