/** The files of the page: found by their exact names, with their types, compressed once. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { fileReply } from '../../lib/status/reply.ts';
import { loadStaticFiles, type StaticFile } from '../../lib/status/static-files.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SCRIPT = 'console.log("canard");\n'.repeat(100);

describe('the files of the page', () => {
  let files: ReadonlyMap<string, StaticFile>;

  before(() => {
    const folder = tempFolder('page');
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'page.js'), SCRIPT);
    writeFileSync(join(folder, 'page.js.map'), '{}');
    writeFileSync(join(folder, 'secret.env'), 'MQTTREP_HTTP_TOKEN=s3cret');
    writeFileSync(join(folder, 'assets', 'page.css'), 'body{}');
    files = loadStaticFiles(folder);
  });

  const script = () => {
    const file = files.get('/page.js');
    if (file === undefined) throw new Error('there is no script');
    return file;
  };

  it('are those of known types, by path; the index is also at the root', () => {
    expect([...files.keys()].toSorted()).to.deep.equal(['/', '/assets/page.css', '/index.html', '/page.js']);
    expect(files.get('/')).to.equal(files.get('/index.html'));
    expect(files.get('/')?.type).to.equal('text/html; charset=utf-8');
    expect(script().type).to.equal('text/javascript; charset=utf-8');
  });

  it('are none if the page was not built', () => {
    expect(loadStaticFiles('/nowhere').size).to.equal(0);
  });

  it('are compressed for clients that accept that, and not for others', () => {
    const compressed = fileReply(script(), { 'accept-encoding': 'br, gzip;q=0.8' });
    expect(compressed.headers).to.include({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
    expect(gunzipSync(compressed.body).toString()).to.equal(SCRIPT);
    for (const encoding of [undefined, 'br', 'gzip;q=0', 'gzip; q=0.0, br', 'x-gzipped']) {
      const plain = fileReply(script(), encoding === undefined ? {} : { 'accept-encoding': encoding });
      expect(plain.body.toString(), encoding).to.equal(SCRIPT);
      expect(plain.headers, encoding).not.to.have.property('Content-Encoding');
    }
  });

  it('are not sent again to a client that has them', () => {
    const { etag } = script();
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      expect(fileReply(script(), { 'if-none-match': known })).to.include({ status: 304, body: '' });
    }
    expect(fileReply(script(), { 'if-none-match': '"other"' }).status).to.equal(200);
  });
});
