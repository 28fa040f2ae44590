/**
 * The examples for containers: that they say what mqttrep understands, and that the steps of compose.yaml work. The specs run
 * the same files and commands without Docker: mosquitto with its configuration, mqttrep with its environment.
 */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parse as load, parseAllDocuments } from 'yaml';
import { readConfig } from '../../lib/config/read-config.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const run = promisify(execFile);

const TOKEN = 's3cret-of-sixteen';

interface Compose {
  readonly services: Readonly<
    Record<'oslo' | 'paris', { readonly volumes: readonly string[] }> & {
      mqttrep: { readonly environment: Record<string, string>; readonly ports: readonly string[] };
    }
  >;
}

interface Manifest {
  readonly kind: string;
  readonly data?: Record<string, string>;
  readonly spec?: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly livenessProbe: { readonly httpGet: { readonly path: string } };
          readonly readinessProbe: { readonly httpGet: { readonly path: string } };
        }[];
      };
    };
  };
}

const compose = load(text('contrib/docker/compose.yaml')) as Compose;
const environment = { ...compose.services.mqttrep.environment, MQTTREP_HTTP_TOKEN: TOKEN };

describe('contrib/docker/compose.yaml', function () {
  this.timeout(60_000);

  it('configures mqttrep without an error or a warning', () => {
    const { ok, warnings } = readConfig(environment, () => '');
    expect({ ok, warnings }).to.deep.equal({ ok: true, warnings: [] });
  });

  it('asks for the token, and publishes the port on this machine only', () => {
    const { environment: given, ports } = compose.services.mqttrep;
    expect(given['MQTTREP_HTTP_TOKEN']).to.match(/^\$\{MQTTREP_HTTP_TOKEN:\?/);
    expect(ports).to.deep.equal(['127.0.0.1:9280:9280']);
  });

  it('replicates by the steps that it names, and answers to the name of its service', async function () {
    requireMosquitto(this);
    const folder = tempFolder('compose');
    // The configuration of the example, at ports and folders of this machine.
    const configOf = (data: string) =>
      text('contrib/docker/mosquitto.conf')
        .split('\n')
        .filter(line => !/^(#|listener|allow_anonymous|set_tcp_nodelay|$)/.test(line))
        .map(line => line.replace('/mosquitto/data/', `${join(folder, data)}/`));
    const start = async (name: string) => {
      await run('mkdir', ['-p', join(folder, name)]);
      return startMosquitto({ config: configOf(name) });
    };
    const [oslo, paris] = [await start('oslo'), await start('paris')];
    const port = await freePort();
    const mqttrep = startMqttrep({
      ...environment,
      MQTTREP_CLIENT_OSLO: oslo.url,
      MQTTREP_CLIENT_PARIS: paris.url,
      MQTTREP_HTTP: `127.0.0.1:${port}`,
      MQTTREP_STORE: join(folder, 'state'),
    });
    try {
      await mqttrep.line('OSLO: connected');
      await mqttrep.line('PARIS: connected');
      await run('mosquitto_pub', ['-p', String(oslo.port), ...'-t home/door -m open -r'.split(' ')]);
      const { stdout } = await run('mosquitto_sub', [
        ...['-p', String(paris.port), '-W', '20'],
        ...'-t home/door -C 1'.split(' '),
      ]);
      expect(stdout).to.equal('open\n');
      const headers = ['-s', '-H', 'Host: mqttrep:9280', '-H', `Authorization: Bearer ${TOKEN}`];
      await eventually(async () => {
        const { stdout: status } = await run('curl', [...headers, `http://127.0.0.1:${port}/api/v1/status`]);
        expect(JSON.parse(status).topics).to.include({ diverging: 0 });
      });
    } finally {
      await mqttrep.stop();
      await Promise.all([oslo.stop(), paris.stop()]);
    }
  });

  it('names commands that it shows with the same words as its specs use', () => {
    expect(text('contrib/docker/compose.yaml'))
      .to.contain('mosquitto_pub -t home/door -m open -r')
      .and.contain('mosquitto_sub -t home/door -C 1');
  });
});

describe('contrib/kubernetes/mqttrep.yaml', () => {
  const manifests = parseAllDocuments(text('contrib/kubernetes/mqttrep.yaml')).map(document =>
    document.toJS(),
  ) as Manifest[];

  it('configures mqttrep without an error or a warning', () => {
    const data = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
    const files: Record<string, string> = {
      '/run/secrets/mqttrep/paris': '{"username":"replicator","password":"x"}',
      '/run/secrets/mqttrep/http-token': TOKEN,
    };
    const { ok, warnings } = readConfig(data, path => files[path] ?? '');
    expect({ ok, warnings }).to.deep.equal({ ok: true, warnings: [] });
  });

  it('runs one mqttrep, asks for its health where any host name will do, and gives it time to stop', () => {
    const spec = manifests.find(({ kind }) => kind === 'StatefulSet')?.spec;
    const { terminationGracePeriodSeconds: grace, containers } = spec?.template.spec ?? {};
    expect(spec?.replicas).to.equal(1);
    expect(grace).to.be.at.least(10);
    const [container] = containers ?? [];
    expect(container?.livenessProbe.httpGet.path).to.equal('/livez');
    expect(container?.readinessProbe.httpGet.path).to.equal('/readyz');
  });
});

describe('the Dockerfile', () => {
  const dockerfile = text('Dockerfile');

  it('has labels, the port of the status server, and no user of its own for root', () => {
    expect(dockerfile).to.match(/^LABEL org\.opencontainers\.image\.title="mqttrep"/m);
    expect(dockerfile).to.match(/^EXPOSE 9280$/m);
    expect(dockerfile).to.match(/^USER node$/m);
  });

  it('is built for amd64, arm64 and arm/v7', () => {
    const workflow = load(text('.github/workflows/image.yml')) as {
      jobs: { image: { steps: { with?: { platforms?: string } }[] } };
    };
    const platforms = workflow.jobs.image.steps.flatMap(step => step.with?.platforms ?? []);
    expect(platforms).to.deep.equal(['linux/amd64,linux/arm64,linux/arm/v7']);
  });
});
