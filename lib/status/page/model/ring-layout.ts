/** The positions of the brokers around the replicator, in CSS pixels. */

export const CARD = { width: 216, height: 126 } as const;

/** The radius of the circle of the replicator in the middle. */
export const HUB = 72;

/** More brokers do not fit around it. */
export const MAX_BROKERS_IN_RING = 6;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Ring {
  readonly width: number;
  readonly height: number;
  readonly middle: Point;
  /** The middle of each card. */
  readonly spots: readonly Point[];
}

/** The most that the ring extends up and down from its middle, so that it fits on a screen. */
const RING_EXTENTS = [170, 190, 210, 240, 270, 300, 330] as const;

/** The least distance between two cards. */
const GAP = 16;

/** Undefined if a ring does not fit: then the brokers are listed one below the other. */
export function ringLayout(brokers: number, width: number): Ring | undefined {
  if (brokers === 0 || brokers > MAX_BROKERS_IN_RING) return undefined;
  const wide = Math.min((width - CARD.width) / 2, 320);
  const rings = RING_EXTENTS.flatMap(up =>
    RING_EXTENTS.map(down => Array.from({ length: brokers }, (_, i) => spot(i, brokers, { wide, up, down }))),
  )
    .filter(areApart)
    .map(points => around(points, width));
  return rings.sort((a, b) => a.height - b.height)[0];
}

interface RingExtent {
  readonly wide: number;
  readonly up: number;
  readonly down: number;
}

/** Two brokers are left and right; more begin at the top and go clockwise. */
function spot(index: number, brokers: number, { wide, up, down }: RingExtent): Point {
  const start = brokers === 2 ? Math.PI : -Math.PI / 2;
  const angle = start + (index * 2 * Math.PI) / brokers;
  const y = Math.sin(angle);
  return { x: Math.cos(angle) * wide, y: y * (y < 0 ? up : down) };
}

function areApart(points: readonly Point[]): boolean {
  return points.every((point, i) => {
    const fromHub = Math.hypot(
      Math.max(Math.abs(point.x) - CARD.width / 2, 0),
      Math.max(Math.abs(point.y) - CARD.height / 2, 0),
    );
    if (fromHub < HUB + 2 * GAP) return false;
    return points
      .slice(i + 1)
      .every(
        other =>
          Math.abs(point.x - other.x) >= CARD.width + GAP || Math.abs(point.y - other.y) >= CARD.height + GAP,
      );
  });
}

function around(points: readonly Point[], width: number): Ring {
  const top = Math.min(-HUB, ...points.map(({ y }) => y - CARD.height / 2));
  const bottom = Math.max(HUB, ...points.map(({ y }) => y + CARD.height / 2));
  const middle = { x: width / 2, y: -top };
  return {
    width,
    height: bottom - top,
    middle,
    spots: points.map(({ x, y }) => ({ x: middle.x + x, y: middle.y + y })),
  };
}
