/** One or two brokers, the commonest case, in a row: a broker, the replicator, and the other broker, with the rates on the lines. */

import type { Status } from '../../api.ts';
import { rate } from '../model/figures.ts';
import { brokerStyle } from '../model/link-states.ts';
import { BrokerCard, type BrokerCardProps } from './broker-card.tsx';
import { useSize } from './hooks.ts';
import { Hub } from './hub.tsx';
import { Break, Lane } from './spokes.tsx';

interface PairProps {
  readonly status: Status;
  readonly cards: readonly BrokerCardProps[];
  readonly now: number;
}

export function Pair({ status, cards, now }: PairProps) {
  const [left, right] = cards;
  return (
    <ul class="pair">
      {left === undefined ? null : (
        <>
          <BrokerCard key={left.broker.name} {...left} />
          <Way card={left} now={now} side="left" />
        </>
      )}
      <li class="middle">
        <Hub status={status} at={undefined} />
      </li>
      {right === undefined ? null : (
        <>
          <Way card={right} now={now} side="right" />
          <BrokerCard key={right.broker.name} {...right} />
        </>
      )}
    </ul>
  );
}

interface WayProps {
  readonly card: BrokerCardProps;
  readonly now: number;
  readonly side: 'left' | 'right';
}

const HEIGHT = 40;

/** What flows between a broker and the replicator: its writes above, what it is sent below. */
function Way({ card: { broker, rates }, now, side }: WayProps) {
  const { element, width } = useSize<HTMLLIElement>();
  const look = brokerStyle(broker, now);
  const isDown = broker.state !== 'ready' && broker.state !== 'replaying';
  const toHub = side === 'left' ? '→' : '←';
  const toBroker = side === 'left' ? '←' : '→';
  const [west, east] = [
    { x: 0, y: HEIGHT / 2 },
    { x: width, y: HEIGHT / 2 },
  ];
  const [here, hub] = side === 'left' ? [west, east] : [east, west];
  return (
    <li ref={element} class={`way ${isDown ? look.tone : ''}`} aria-hidden="true">
      <span class="rate">{isDown ? '' : `${toHub} ${rate(rates.received)}/s`}</span>
      <svg width={width} height={HEIGHT} aria-hidden="true">
        <g class={`spoke ${isDown ? look.tone : ''}`}>
          <Lane from={here} to={hub} flows={!isDown && rates.received > 0} />
          <Lane from={hub} to={here} flows={!isDown && rates.published > 0} />
          {isDown && look.tone === 'bad' ? <Break at={{ x: width / 2, y: HEIGHT / 2 }} /> : null}
        </g>
      </svg>
      <span class="rate">{isDown ? '' : `${toBroker} ${rate(rates.published)}/s`}</span>
    </li>
  );
}
