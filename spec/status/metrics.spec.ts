/** The metrics as Prometheus reads them. */

import { expect } from 'chai';
import { Measurements } from '../../lib/status/measurements.ts';
import { Metrics } from '../../lib/status/metrics.ts';
import { METRICS } from '../../lib/status/metrics-table.ts';
import { FakeReplicator, type Inspected } from './fake-replicator.ts';

function metricsOf(asked: Inspected): Metrics {
  return new Metrics({
    measurements: new Measurements(asked, () => undefined),
    version: '1.2.3',
    reconcilerRestarts: () => 2,
    eventRestarts: () => 3,
    displaced: () => 3,
  });
}

describe('the metrics', () => {
  let replicator: FakeReplicator;
  let text: string;

  beforeEach(async () => {
    replicator = new FakeReplicator('OSLO', 'PARIS');
    replicator.link('OSLO').enter('ready', 'MQTT 5');
    replicator.link('OSLO').enter('unreachable', 'gone');
    replicator.link('OSLO').enter('ready', 'MQTT 5');
    replicator.brokers.set('OSLO', { received: 12, published: 7, dropped: { publish_refused: 3 } });
    replicator.conflictCounts['json:a"b\\c'] = 4;
    for (const seconds of [0.02, 0.3, 99_999]) replicator.convergence.observe(seconds);
    replicator.roundTrips.observe(0.004);
    const metrics = metricsOf(replicator.inspected);
    text = await metrics.text();
    expect(metrics.contentType).to.contain('text/plain');
  });

  const samples = () => text.split('\n').filter(line => line !== '' && !line.startsWith('#'));

  it('of the process come from prom-client, and each is in the table', () => {
    const names = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
    expect(names).to.include.members(['process_resident_memory_bytes', 'process_cpu_seconds_total']);
    expect(names.filter(name => !METRICS.some(metric => metric.name === name))).to.deep.equal([]);
    expect(text).to.match(/^process_resident_memory_bytes \d{7,}$/m);
  });

  it('show heartbeats, paths and the age of the oldest undelivered change', async () => {
    const now = Date.now();
    replicator.heartbeats.set('OSLO', { latency: 20, cameBackAt: now - 3_000, paths: { PARIS: 250 } });
    replicator.undelivered.set('PARIS', now - 90_000);
    text = await metricsOf(replicator.inspected).text();
    expect(samples()).to.include.members([
      'mqttrep_heartbeat_round_trip_seconds{broker="OSLO"} 0.02',
      'mqttrep_path_latency_seconds{from="PARIS",to="OSLO"} 0.25',
      'mqttrep_silent_connections_total{broker="PARIS"} 1',
    ]);
    expect(text).to.match(/^mqttrep_heartbeat_age_seconds\{broker="OSLO"\} 3/m);
    expect(text).to.match(/^mqttrep_oldest_undelivered_change_age_seconds\{broker="PARIS"\} 90/m);
    expect(text).not.to.match(/^mqttrep_heartbeat_round_trip_seconds\{broker="PARIS"/m);
  });

  it('have a sample for each broker and each state', () => {
    expect(samples()).to.include.members([
      'mqttrep_broker_up{broker="OSLO"} 1',
      'mqttrep_broker_up{broker="PARIS"} 0',
      'mqttrep_certificate_remaining_seconds{broker="PARIS",certificate="broker"} 1080000',
      'mqttrep_token_remaining_seconds{broker="PARIS"} 720',
      'mqttrep_broker_reconnects_total{broker="OSLO"} 1',
      'mqttrep_messages_received_total{broker="OSLO"} 12',
      'mqttrep_messages_published_total{broker="OSLO"} 7',
      'mqttrep_messages_dropped_total{broker="OSLO",reason="publish_refused"} 3',
      'mqttrep_messages_dropped_total{broker="OSLO",reason="too_many_topics"} 2',
      'mqttrep_messages_dropped_total{reason="stored"} 3',
      'mqttrep_topics_memory_bytes 1000',
      'mqttrep_topics_memory_limit_bytes 4000',
      'mqttrep_tombstones_evicted_total 5',
      'mqttrep_raced_writes_total{broker="OSLO"} 0',
      'mqttrep_raced_writes_total{broker="PARIS"} 3',
      'mqttrep_retained_messages_lost_total{broker="OSLO"} 0',
      'mqttrep_retained_messages_lost_total{broker="PARIS"} 8',
      'mqttrep_history_values_dropped_total{broker="PARIS"} 4',
      'mqttrep_topics_unreadable{broker="PARIS"} 5',
      'mqttrep_replay_incomplete{broker="OSLO"} 0',
      'mqttrep_replay_incomplete{broker="PARIS"} 1',
      'mqttrep_deletions_held{broker="OSLO"} 0',
      'mqttrep_deletions_held{broker="PARIS"} 300',
      'mqttrep_limits_reached_total{broker="OSLO",limit="ingress"} 4',
      'mqttrep_limits_reached_total{broker="PARIS",limit="pending"} 6',
      'mqttrep_limits_reached_total{broker="PARIS",limit="pending_of_topic"} 1',
      'mqttrep_topics{state="converged"} 3',
      'mqttrep_looping_messages_total 8',
      'mqttrep_topics_expired_total 7',
      'mqttrep_actor_restarts_total{actor="reconciler"} 2',
      'mqttrep_publishes_pending{broker="PARIS"} 1',
      'mqttrep_topics_behind{broker="PARIS"} 3',
    ]);
    expect(text).to.match(/^mqttrep_build_info\{version="1\.2\.3",node="[\d.]+"\} 1$/m);
  });

  it('have cumulative buckets, of which the last one counts everything', () => {
    const buckets = samples().filter(line => line.startsWith('mqttrep_convergence_seconds'));
    expect(buckets).to.include.members([
      'mqttrep_convergence_seconds_bucket{le="0.01"} 0',
      'mqttrep_convergence_seconds_bucket{le="0.025"} 1',
      'mqttrep_convergence_seconds_bucket{le="0.5"} 2',
      'mqttrep_convergence_seconds_bucket{le="3600"} 2',
      'mqttrep_convergence_seconds_bucket{le="+Inf"} 3',
      'mqttrep_convergence_seconds_count 3',
    ]);
    expect(samples()).to.include('mqttrep_publish_round_trip_seconds_bucket{broker="OSLO",le="0.005"} 1');
  });

  it('escape label values that users choose', () => {
    expect(text).to.contain('mqttrep_conflicts_total{decided_by="json:a\\"b\\\\c"} 4');
  });

  it('follow the conventions: a help text for each, no sample twice, and counters end in _total', () => {
    const described = new Map(
      [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type]) => [name, type]),
    );
    expect([...text.matchAll(/^# HELP (\w+) \S.+\.$/gm)].map(([, name]) => name)).to.deep.equal([
      ...described.keys(),
    ]);
    const seen = new Set<string>();
    for (const line of samples()) {
      const [, series = '', name = ''] = /^((\w+)(?:\{.*\})?) [-+\d.eInf]+$/.exec(line) ?? [];
      expect(series, line).not.to.equal('');
      expect([...seen], line).not.to.include(series);
      seen.add(series);
      const family = described.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      expect(described.has(family), line).to.equal(true);
      expect(described.get(family) === 'counter', line).to.equal(name.endsWith('_total'));
      expect(line).not.to.match(/topic="/);
    }
  });

  it('name their subject and a base unit: seconds and bytes, and nothing that these are made of', () => {
    for (const { name, kind, help } of METRICS) {
      expect(name).to.match(/^(mqttrep|process)(_[a-z]+)+$/);
      expect(name, 'base units only').not.to.match(
        /_(milli|micro|nano)?(ms|days?|hours?|minutes?|milliseconds|kilobytes|kb|mb|percent)(_|$)/,
      );
      if (kind === 'histogram') expect(name).to.match(/_(seconds|bytes)$/);
      if (/^(Time|Age) /.test(help)) expect(name, help).to.match(/_seconds$/);
      if (/^(Bytes|Memory) /.test(help)) expect(name, help).to.match(/_bytes$/);
    }
  });

  it('have exactly the labels of the table', () => {
    for (const line of samples()) {
      const [, series = '', inBraces = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
      const metric = METRICS.find(
        ({ name }) => series === name || series.replace(/_(bucket|sum|count)$/, '') === name,
      );
      const allowed = [...(metric?.labels ?? []), ...(metric?.kind === 'histogram' ? ['le'] : [])];
      for (const [, label = ''] of inBraces.matchAll(/(\w+)="/g)) expect(allowed, line).to.include(label);
    }
  });

  it('are the same when they are read again, so that nothing is counted twice', async () => {
    const metrics = metricsOf(replicator.inspected);
    const lasting = (all: string) => all.split('\n').filter(line => line.startsWith('mqttrep_'));
    expect(lasting(await metrics.text())).to.deep.equal(lasting(await metrics.text()));
  });

  it('exist before any actor has answered', async () => {
    const silent = {
      ...replicator.inspected,
      links: replicator.links,
      askBroker: () => Promise.reject(new Error('busy')),
      askReconciler: () => Promise.reject(new Error('busy')),
    } as unknown as Inspected;
    const early = await metricsOf(silent).text();
    expect(early).to.contain('mqttrep_broker_up{broker="OSLO"} 1').and.not.contain('NaN');
  });
});
