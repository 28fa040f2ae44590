/**
 * Pictures of the page in each scene, for people to look at: `npm run screenshots -- [--only TEXT] [--to FOLDER]`. They are
 * wide and narrow, light and dark.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { openPage, startBrowser } from './browser.ts';
import { PretendServer } from './pretend-server.ts';
import { SCENES, type Scene } from './scenes.ts';

const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    look: { type: 'string', default: '' },
    to: { type: 'string', default: 'dist/screenshots' },
  },
});

async function take(browser: Browser, scene: Scene, look: (typeof LOOKS)[number]): Promise<void> {
  const server = await PretendServer.start(scene.world(), scene.options);
  const { page, complaints } = await openPage(browser, server.url, look);
  try {
    await page.locator('.verdict, .door').first().waitFor();
    await page.locator('.grid tbody tr:not(.gap), .nothing, .door').first().waitFor();
    await scene.act?.(page, server);
    const path = join(values.to, `${scene.name.replaceAll(/\W+/g, '-')}-${look.name}.png`);
    await page.screenshot({
      path,
      fullPage: (await page.locator('dialog[open]').count()) === 0,
      animations: 'disabled',
    });
    const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
    const wide = width > look.viewport.width ? `, ${width} pixels wide` : '';
    process.stdout.write(`${path}${wide}${complaints.length > 0 ? `, ${complaints.join(', ')}` : ''}\n`);
  } finally {
    await page.context().close();
    await server.stop().catch(() => undefined);
  }
}

mkdirSync(values.to, { recursive: true });
const browser = await startBrowser();
try {
  for (const scene of SCENES) {
    if (!scene.name.includes(values.only)) continue;
    for (const look of LOOKS) if (look.name.includes(values.look)) await take(browser, scene, look);
  }
} finally {
  await browser.close();
}
