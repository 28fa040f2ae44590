/** The brokers in a ring around the replicator, or in a list below it if there is no room for a ring. */

import type { BrokerStatus, Status } from '../../api.ts';
import type { Server } from '../client/server.ts';
import { LINK_STYLES } from '../model/link-states.ts';
import { ratesIn } from '../model/rate-columns.ts';
import { CARD, HUB, type Point, type Ring, ringLayout } from '../model/ring-layout.ts';
import { BrokerCard } from './broker-card.tsx';
import { useSize } from './hooks.ts';
import { Hub } from './hub.tsx';

interface BrokersProps {
  readonly server: Server;
  readonly status: Status;
  readonly now: number;
}

export function Brokers({ server, status, now }: BrokersProps) {
  const { element, width } = useSize<HTMLDivElement>();
  const { brokers } = status;
  const ring = ringLayout(brokers.length, width);
  const sample = status.rates.at(-1);
  return (
    <section class="brokers" aria-labelledby="brokers-title">
      <h2 id="brokers-title">Brokers</h2>
      <div
        ref={element}
        class={ring === undefined ? 'stack' : 'ring'}
        style={ring === undefined ? {} : { height: `${ring.height}px` }}
      >
        {ring === undefined ? null : <Spokes ring={ring} brokers={brokers} rates={sample} />}
        <Hub status={status} at={ring?.middle} />
        <ul>
          {brokers.map((broker, i) => (
            <BrokerCard
              key={broker.name}
              broker={broker}
              rates={ratesIn(sample, broker.name)}
              now={now}
              at={ring?.spots[i]}
              decide={decision => server.decideDeletions(broker.name, decision)}
            />
          ))}
        </ul>
      </div>
    </section>
  );
}

interface SpokesProps {
  readonly ring: Ring;
  readonly brokers: readonly BrokerStatus[];
  readonly rates: Status['rates'][number] | undefined;
}

function Spokes({ ring, brokers, rates }: SpokesProps) {
  return (
    <svg class="spokes" width={ring.width} height={ring.height} aria-hidden="true">
      {brokers.map((broker, i) => {
        const spot = ring.spots[i];
        if (spot === undefined) return null;
        const { tone } = LINK_STYLES[broker.state];
        const { received, published } = ratesIn(rates, broker.name);
        return (
          <g key={broker.name} class={`spoke ${tone}`}>
            <Lane from={spot} to={ring.middle} side={1} flows={tone === 'good' && received > 0} />
            <Lane from={ring.middle} to={spot} side={1} flows={tone === 'good' && published > 0} />
            {tone === 'bad' ? <Break at={outside(ring.middle, spot)} /> : null}
          </g>
        );
      })}
    </svg>
  );
}

interface LaneProps {
  readonly from: Point;
  readonly to: Point;
  /** The side of the straight line on which the lane is drawn. */
  readonly side: number;
  readonly flows: boolean;
}

function Lane({ from, to, side, flows }: LaneProps) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const shift = { x: (-(to.y - from.y) / length) * 4 * side, y: ((to.x - from.x) / length) * 4 * side };
  const line = { x1: from.x + shift.x, y1: from.y + shift.y, x2: to.x + shift.x, y2: to.y + shift.y };
  return (
    <>
      <line {...line} class="lane" />
      {flows ? <line {...line} class="flow" /> : null}
    </>
  );
}

function Break({ at }: { at: Point }) {
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
