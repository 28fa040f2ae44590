/**
 * The tarball that `npm pack` makes: its contents, and that it installs and runs on each supported Node.js.
 *
 * Not part of `npm test`, since it packs and installs: `npm run test:package`. NODES lists the executables of the Node.js
 * versions to test, separated as in PATH. Without it, the version that runs the specs is tested.
 */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { tempFolder } from '../support/temp-folder.ts';
import { filesIn, Installation, versionOf } from './installation.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const tarball = resolve(`mqttrep-${manifest.version}.tgz`);
const nodes = (process.env.NODES ?? process.execPath).split(delimiter);

/** If the tarball is larger, it contains something that does not belong there. */
const mostBytes = 1.5 * 1024 * 1024;

/** Specs of the executable that the installed one has to pass as well: two brokers, TLS, websockets, the status server. */
const executableSpecs = ['replication', 'tls', 'proxies', 'events', 'status', 'stopping', 'debugger'];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/** `name version, licence`, a line for each package in the bundle. */
function bundledPackages(licences: string): [name: string, version: string][] {
  const [, list = ''] = licences.split('\n\n');
  return list.split('\n').map(line => {
    const [name = '', version = ''] = line.split(/[ ,]+/);
    return [name, version];
  });
}

describe('The package', function () {
  this.timeout(300_000);

  after(() => rmSync(tarball, { force: true }));

  describe('holds', () => {
    let files: readonly string[];

    before(async () => {
      files = await filesIn(tarball);
    });

    for (const file of [
      ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'SECURITY.md', 'ecosystem.config.cjs'],
      ...['contrib/systemd/mqttrep.service', 'dist/man/mqttrep.1', 'dist/lib/bundle/LICENCES.txt'],
    ]) {
      it(file, () => {
        expect(files).to.include(file);
      });
    }

    it('the executable, the threads, and all that they import', () => {
      expect(files).to.include.members([
        'dist/bin/mqttrep.js',
        'dist/workers/broker.js',
        'dist/workers/reconciler.js',
      ]);
    });

    it('the page, with the licences of its libraries', () => {
      const page = files.filter(file => file.startsWith('dist/page/'));
      expect(page).to.have.members(
        ['index.html', 'page.js', 'page.css', 'LICENCES.txt'].map(file => `dist/page/${file}`),
      );
      expect(
        files.filter(file => file.startsWith('dist/lib/') && !file.startsWith('dist/lib/bundle/')),
      ).to.deep.equal([]);
    });

    it('no specs, benchmarks or sources', () => {
      expect(
        files.filter(file => /(^|\/)(spec|bench|\.ci)\/|(?<!\.d)\.ts$|tsconfig|biome/.test(file)),
      ).to.deep.equal([]);
    });

    it('no source map, since it has no sources, and no native module', () => {
      expect(files.filter(file => /\.(map|node|wasm)$/.test(file))).to.deep.equal([]);
    });

    it('the documents that README links to, and the types of the API', () => {
      expect(files).to.include.members(['docs/settings.md', 'docs/recipes/home.md', 'dist/types/api.d.ts']);
    });

    it('no more than it needs', () => {
      expect(statSync(tarball).size).to.be.lessThan(mostBytes);
    });
  });

  for (const node of nodes) {
    describe(`installed without compiler and development dependencies, on ${node}`, () => {
      let installation: Installation;

      before(async () => {
        console.log(`      Node.js ${await versionOf(node)}`);
        installation = new Installation(node);
        await installation.install(tarball);
      });

      it('installs no other package, and refers to no source map', () => {
        expect(existsSync(join(installation.root, 'node_modules'))).to.equal(false);
        const scripts = readdirSync(installation.root, { recursive: true, encoding: 'utf8' })
          .filter(file => file.endsWith('.js'))
          .filter(file => !file.startsWith('dist/page/'));
        expect(scripts).to.have.length.above(10);
        for (const file of scripts) {
          const text = readFileSync(join(installation.root, file), 'utf8');
          expect(text.includes('\n//# sourceMappingURL='), file).to.equal(false);
        }
      });

      it('contains the tested version of each bundled package', () => {
        const licences = readFileSync(join(installation.root, 'dist/lib/bundle/LICENCES.txt'), 'utf8');
        const bundled = bundledPackages(licences);
        const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
        const versions = Object.entries(locked.packages).map(
          ([place, { version }]) => `${place.replace(/^.*node_modules\//, '')} ${version}`,
        );
        expect(bundled.map(([name]) => name)).to.include.members([
          'mqtt',
          'mqtt-packet',
          'piscina',
          'rxjs',
          'ws',
        ]);
        expect(versions).to.include.members(bundled.map(([name, version]) => `${name} ${version}`));
      });

      it('passes the specs of the executable', async () => {
        const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js');
        const specs = executableSpecs.map(name => join('dist', 'spec', 'cli', `${name}.spec.js`));
        const options = ['--no-config', '--forbid-only', '--timeout', '60000'];
        const { stdout } = await promisify(execFile)(node, [mocha, ...options, ...specs], {
          env: { ...process.env, MQTTREP_EXECUTABLE: installation.executable },
        }).catch((error: { stdout: string }) => {
          throw new Error(error.stdout);
        });
        expect(stdout)
          .to.match(/^ +[1-9]\d* passing/m)
          .and.not.contain('pending');
      });

      it('prints its version', async () => {
        const ended = await installation.mqttrep(['--version']);
        expect(ended).to.deep.equal({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
      });

      it('runs the demo, after which all brokers have converged', async () => {
        const { code, stderr } = await installation.mqttrep(['demo', '--seconds', '5']);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      });

      it('opens a store on disk, and drains at a SIGTERM', async () => {
        const store = tempFolder('store');
        const { code, stderr } = await installation.mqttrep(['run'], {
          environment: {
            MQTTREP_CLIENT_OSLO: 'mqtt://127.0.0.1:1',
            MQTTREP_CLIENT_PARIS: 'mqtt://127.0.0.1:2',
            MQTTREP_TOPIC_all: '#',
            MQTTREP_STORE: store,
          },
          // mqttrep connects to the brokers only after it has opened the store.
          stopAt: 'PARIS: cannot connect',
        });
        expect(stderr).to.contain('stopped').and.not.contain('without a store');
        expect(code).to.equal(0);
        expect(readdirSync(store)).to.not.deep.equal([]);
      });
    });
  }
});
