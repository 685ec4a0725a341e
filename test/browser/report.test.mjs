// The page that `kycd report --format html` prints, from real cases, as it would be mailed: a file.
import assert from 'node:assert/strict';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {axe, launch, open} from './browser.mjs';
import {make_world} from './world.mjs';

let browser;
let world;
let file;

before(async () => {
  world = await make_world();
  const answers = ['pass', 'pass', 'pass', 'spoof', 'face_not_found', 'failure'];
  for (const [i, answer] of answers.entries()) await world.drop(`A-${i}`, world.picture(answer));
  await world.drop('A-9', Buffer.from('no picture'));
  await world.command('run', '--once');
  file = join(world.root, 'report.html');
  await writeFile(file, await world.command('report', '--format', 'html'));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await world?.close();
});

for (const [name, options] of [['light', {}], ['dark', {colours: 'dark'}], ['phone', {width: 360}], ['paper', {media: 'print'}]]) {
  test(`the report, ${name}: fits, asks for nothing, nothing to complain of`, async () => {
    const {page, said} = await open(browser, 'about:blank', options);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${file}`);
    assert.deepEqual(asked, [`file://${file}`]);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(said, []);
    // The task that failed was submitted twice.
    assert.match(await page.locator('main').innerText(), /5 cases delivered \(3 pass, 1 fail, 1 inconclusive\), 2 failed; 7 paid calls\./);
    assert.equal(await page.locator('figure rect').count(), 4);
    if (name !== 'phone') assert.match(await page.locator('main').innerText(), /NOT_AN_IMAGE\s+1\s+Replace the file with a JPEG or PNG/);
    if (process.env.KYCD_SCREENSHOTS)
      await page.screenshot({path: `${process.env.KYCD_SCREENSHOTS}/report-${name}.png`, fullPage: true});
    await page.close();
  });
}
