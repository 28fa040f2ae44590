/** Many brokers: those with a problem one below the other, the worst first, and the others as small tiles. */

import type { Status } from '../../api.ts';
import { count, elapsed, rate } from '../model/figures.ts';
import { brokerStyle, worstFirst } from '../model/link-states.ts';
import { ratesIn } from '../model/rate-columns.ts';
import { Detail, Troubles } from './broker-card.tsx';
import { BrokerName } from './broker-name.tsx';
import { Icon, State } from './icon.tsx';

interface BrokerListProps {
  readonly status: Status;
  readonly now: number;
  readonly open: (broker: string) => void;
}

export function BrokerList({ status, now, open }: BrokerListProps) {
  const looked = worstFirst(status.brokers, now).map(broker => ({ broker, look: brokerStyle(broker, now) }));
  const troubled = looked.filter(({ look }) => look.tone !== 'good');
  const well = looked.filter(({ look }) => look.tone === 'good');
  const sample = status.rates.at(-1);
  return (
    <>
      {troubled.length === 0 ? null : (
        <ul class="troubled">
          {troubled.map(({ broker, look }) => (
            <li key={broker.name} class={`broker line ${look.tone}`}>
              <BrokerName name={broker.name} open={open} />
              <State look={look} />
              <Detail broker={broker} look={look} now={now} />
              <Troubles broker={broker} />
            </li>
          ))}
        </ul>
      )}
      <ul class="tiles">
        {well.map(({ broker, look }) => {
          const { received, published } = ratesIn(sample, broker.name);
          return (
            <li key={broker.name} class="broker tile good">
              <Icon look={look} />
              <span class="unseen">{look.word}: </span>
              <BrokerName name={broker.name} open={open} />
              <span class="flows" title="Messages per second received from it, and published to it">
                <span class="unseen">received </span>▲ {rate(received)}
                <span class="unseen"> per second, published </span> ▼ {rate(published)}
                <span class="unseen"> per second, round trip </span>
                <span class="trip">{broker.roundTrip === null ? '–' : elapsed(broker.roundTrip)}</span>
              </span>
              {broker.behind === 0 ? null : <span class="behind">{count(broker.behind)} in flight</span>}
            </li>
          );
        })}
      </ul>
    </>
  );
}
