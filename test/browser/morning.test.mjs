// The morning report of a re-verification as people open it: a file, on a screen, on a phone and on paper. The tickets are made up
// (test/support/morning_rows.cpp), for no night is long enough here.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {axe, launch, open} from './browser.mjs';

let browser;
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kycd-morning-'));
  execFileSync(process.env.KYCD_MORNING_REPORT, [folder]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, {recursive: true, force: true});
});

/** Opens the report; fails when it asks for anything beside itself. */
async function read(kind, options) {
  const address = `file://${folder}/${kind}.html`;
  const {page, said} = await open(browser, 'about:blank', options);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  return {page, complaints: () => [...said, ...asked.filter((each) => each !== address)]};
}

async function picture(page, name) {
  if (process.env.KYCD_SCREENSHOTS) await page.screenshot({path: `${process.env.KYCD_SCREENSHOTS}/morning-${name}.png`, fullPage: true});
}

const looks = {light: {}, dark: {colours: 'dark'}, phone: {width: 360}, paper: {media: 'print'}};

// The small ones have nothing of their own in the dark or on paper.
const small = ['empty', 'one', 'failed'];

for (const kind of ['night', 'values', 'nights', 'hostile', ...small]) {
  for (const [look, options] of Object.entries(looks)) {
    if (small.includes(kind) && ['dark', 'paper'].includes(look)) continue;
    test(`the report of "${kind}", ${look}: fits, asks for nothing, nothing to complain of`, async () => {
      const {page, complaints} = await read(kind, options);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
      // What is the same in each row of a long table need not be judged in each.
      await page.evaluate(() => { for (const table of document.querySelectorAll('table')) [...table.rows].slice(60).forEach((row) => row.remove()); });
      assert.deepEqual(await axe(page), []);
      assert.equal(await page.evaluate(() => window.broken), undefined);
      assert.deepEqual(complaints(), []);
      await picture(page, `${kind}-${look}`);
      await page.close();
    });
  }
}

test('each of 350 changes is there, under its cause, and the balance adds up', async () => {
  const {page} = await read('night', {});
  const [selected, ...parts] = (await page.locator('.sum').innerText()).match(/\d+/g).map(Number);
  assert.deepEqual([selected, parts.reduce((a, b) => a + b)], [5000, 5000]);
  assert.equal(parts[1], 350);
  const lists = page.getByRole('region', {name: /^Probable cause/});
  assert.equal(await lists.count(), 5);
  assert.equal(await lists.locator('tbody tr').count(), 350);
  for (const list of await lists.all()) {
    const [, cases] = (await list.locator('caption').innerText()).match(/\((\d+) cases?\)/);
    assert.equal(await list.locator('tbody tr').count(), Number(cases));
  }
  const rows = await page.getByRole('region', {name: /^A row for the verdict/}).locator('tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.equal(rows.at(-1).at(-1), '5000');
  await page.close();
});

test('every link of the contents leads to its part', async () => {
  const {page} = await read('nights', {height: 600});
  const links = await page.getByRole('navigation').getByRole('link').all();
  assert.ok(links.length >= 6);
  for (const link of links) {
    await link.click();
    const id = (await link.getAttribute('href')).slice(1);
    assert.match(page.url(), new RegExp(`#${id}$`));
    assert.equal(await page.locator(`h2#${id}`).count(), 1);
  }
  await page.close();
});

test('the charts have a bar for each piece and a line for each share, and tell the times of the clock that is set back', async () => {
  const {page} = await read('night', {});
  const figures = page.locator('figure');
  assert.equal(await figures.count(), 2);
  assert.ok(await figures.nth(0).locator('rect').count() > 80);
  assert.equal(await figures.nth(1).locator('path[stroke-width]').count(), 3);
  for (const figure of await figures.all()) {
    const said = await figure.locator('svg text').allTextContents();
    assert.ok(said.includes('22:00 CEST') && said.includes('Sun 25 Oct') && said.some((each) => each.endsWith(' CET')), said.join());
    assert.match(await figure.locator('svg').getAttribute('aria-label'), /the table below has the figures/);
  }
  await page.close();
});

test('on paper nothing is cut at an edge, and each sheet has its number', async () => {
  const {page} = await read('values', {media: 'print'});
  const pdf = await page.pdf({format: 'A4', preferCSSPageSize: false});
  assert.ok(pdf.length > 10000);
  if (process.env.KYCD_SCREENSHOTS) await writeFile(`${process.env.KYCD_SCREENSHOTS}/morning-values.pdf`, pdf);
  // The width between the margins of an A4 sheet at 96 pixels an inch.
  await page.setViewportSize({width: 680, height: 1000});
  const beyond = await page.evaluate(() => [...document.querySelectorAll('th, td, svg, p, dd')]
    .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 && each.offsetParent !== null)
    .map((each) => each.outerHTML.slice(0, 80)));
  assert.deepEqual(beyond, []);
  await page.close();
});

test('a report of 100,000 cases opens at once', async () => {
  const began = Date.now();
  const {page, complaints} = await read('many', {});
  assert.ok(Date.now() - began < 20000);
  assert.match(await page.locator('main').innerText(), /100000 selected = .* not done/);
  assert.equal(await page.getByText('more: report.csv has every case').count(), 6);
  assert.deepEqual(complaints(), []);
  await picture(page, 'many-light');
  await page.close();
});
