/**
 * The brokers around the replicator: two in a row, up to six in a ring, more as a list with the worst first. Without room, they
 * stand one below the other.
 */

import type { BrokerStatus, Status } from '../../api.ts';
import { count } from '../model/figures.ts';
import { brokerStyle } from '../model/link-states.ts';
import { ratesIn } from '../model/rate-columns.ts';
import { MAX_BROKERS_IN_RING, ringLayout } from '../model/ring-layout.ts';
import { BrokerCard } from './broker-card.tsx';
import { BrokerList } from './broker-list.tsx';
import { useSize } from './hooks.ts';
import { Hub } from './hub.tsx';
import { Pair } from './pair.tsx';
import { Spokes } from './spokes.tsx';

interface BrokersProps {
  readonly status: Status;
  readonly now: number;
  /** Shows the details of a broker. */
  readonly open: (broker: string) => void;
}

/** How the brokers and the charts share the page. */
export function arrangementOf(brokers: number): 'pair' | 'ring' | 'list' {
  if (brokers <= 2) return 'pair';
  return brokers <= MAX_BROKERS_IN_RING ? 'ring' : 'list';
}

export function Brokers(props: BrokersProps) {
  const { brokers } = props.status;
  const ready = brokers.filter(({ state }) => state === 'ready').length;
  const arrangement = arrangementOf(brokers.length);
  return (
    <section class="brokers" aria-labelledby="brokers-title">
      <header>
        <h2 id="brokers-title">Brokers</h2>
        <span class="total">
          {ready === brokers.length
            ? `${count(ready)} ready`
            : `${count(ready)} of ${count(brokers.length)} ready`}
        </span>
      </header>
      {arrangement === 'list' ? <BrokerList {...props} /> : <Around {...props} />}
    </section>
  );
}

/** At least so wide, in pixels, two cards and the replicator stand side by side. */
const PAIR_WIDTH = 640;

function Around({ status, now, open }: BrokersProps) {
  const { element, width } = useSize<HTMLDivElement>();
  const { brokers } = status;
  const sample = status.rates.at(-1);
  const cardOf = (broker: BrokerStatus) => ({
    broker,
    rates: ratesIn(sample, broker.name),
    now,
    open: () => open(broker.name),
  });
  const ring = brokers.length > 2 ? ringLayout(brokers.length, width) : undefined;
  if (brokers.length <= 2 && width >= PAIR_WIDTH) {
    return (
      <div ref={element} class="pair-frame">
        <Pair status={status} cards={brokers.map(cardOf)} now={now} />
      </div>
    );
  }
  return (
    <div
      ref={element}
      class={ring === undefined ? 'stack' : 'ring'}
      style={ring === undefined ? {} : { height: `${ring.height}px` }}
    >
      {ring === undefined ? null : (
        <Spokes
          ring={ring}
          ends={brokers.map(broker => ({
            name: broker.name,
            look: brokerStyle(broker, now),
            isDown: broker.state !== 'ready' && broker.state !== 'replaying',
            rates: ratesIn(sample, broker.name),
          }))}
        />
      )}
      <Hub status={status} at={ring?.middle} />
      <ul>
        {brokers.map((broker, i) => (
          <BrokerCard key={broker.name} {...cardOf(broker)} at={ring?.spots[i]} />
        ))}
      </ul>
    </div>
  );
}
