/** A browser has to load little, and nothing from other hosts. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';

/** From dist/spec/status/page. */
const folder = fileURLToPath(new URL('../../../page/', import.meta.url));

/** Of all files together. */
const limit = 68 * 1024;

describe('The built page', () => {
  const files = readdirSync(folder);
  const read = (file: string) => readFileSync(folder + file);

  it('has at most 68 KB, gzipped', () => {
    expect(files).to.include.members(['index.html', 'page.js', 'page.css']);
    const sizes = files.map(file => gzipSync(read(file)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.at.most(limit);
  });

  it('holds neither scripts nor styles in its HTML, which the Content-Security-Policy forbids', () => {
    const html = read('index.html').toString();
    expect(html).to.not.match(/<style|\sstyle=|\son[a-z]+=|javascript:/i);
    expect(html).to.not.match(/<script(?![^>]*\ssrc="page\.js")/i);
  });

  it('names no other host', () => {
    const references = files.flatMap(file =>
      [
        ...read(file)
          .toString()
          .matchAll(/(?:src|href|url\(|from|import)[=\s("']*((?:https?:)?\/\/[^"')\s]+)/g),
      ].map(match => match[1]),
    );
    expect(references).to.deep.equal([]);
  });
});
