/** What holds for every answer of the status server. */

import { expect } from 'chai';
import { FakeReplicator } from './fake-replicator.ts';
import { type Served, serve } from './served.ts';

describe('the status server', () => {
  let replicator: FakeReplicator;
  let served: Served;

  beforeEach(async () => {
    replicator = new FakeReplicator('OSLO', 'PARIS');
    served = await serve(replicator);
  });

  afterEach(() => served.close());

  const get = (path: string, init?: RequestInit) => fetch(new URL(path, served.url), init);

  it('accepts no method that changes something', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await get('/api/v1/status', { method });
      expect(response.status, method).to.equal(405);
      expect(response.headers.get('allow')).to.equal('GET, HEAD');
    }
    const response = await get('/api/v1/status', { method: 'HEAD' });
    expect(response.status).to.equal(200);
    expect(await response.text()).to.equal('');
  });

  it('forbids browsers in every answer to load other content, to frame the page, or to guess types', async () => {
    for (const path of ['/', '/livez', '/metrics', '/api/v1/status', '/nothing']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy'), path)
        .to.contain("default-src 'none'")
        .and.contain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff');
      expect(headers.get('referrer-policy'), path).to.equal('no-referrer');
    }
  });
});
