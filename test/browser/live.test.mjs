// The status page of a real kycd, whose API is the sandbox: what happens is seen without reloading anything.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {axe, launch, open} from './browser.mjs';
import {make_world, until} from './world.mjs';

let browser;
let world;
let page;
let said;

const wait = {timeout: 30000};
const text_of = (selector) => page.locator(selector).innerText().then((text) => text.replaceAll('\u00a0', ' '));
const number_of = async (id) => Number((await text_of(`#${id} .number`)).replaceAll(',', ''));
const headline_has = (words) => page.waitForFunction((wanted) =>
  document.querySelector('h1').textContent.replaceAll('\u00a0', ' ').includes(wanted), words, wait);

before(async () => {
  world = await make_world();
  await world.start_kycd();
  browser = await launch();
  ({page, said} = await open(browser, `${world.address}/`));
  await page.evaluate(() => { window.never_reloaded = true; });
});

after(async () => {
  await browser?.close();
  await world?.close();
});

test('an empty kycd is well, live, and has nothing to show', async () => {
  await headline_has('All is well: nothing waits');
  await page.waitForFunction(() => document.getElementById('link').dataset.link === 'live', null, wait);
  assert.ok(await page.locator('#backlog-none').isVisible());
  assert.ok(await page.locator('#failed-none').isVisible());
  await page.waitForFunction(() => document.querySelectorAll('.plot').length === 3, null, wait);
});

test('cases come in, wait for their answers and are delivered before one’s eyes', async () => {
  await world.control('settings', {answer_after: '6s'});
  for (let i = 0; i < 12; ++i) await world.drop(`Halvorsen-${i}`);
  await until(async () => await number_of('pending') >= 6, 'cases that wait for answers');
  assert.match(await text_of('h1'), /^All is well: .*\d+ waiting for answers, oldest \d+ s$/);
  const row = page.locator('#backlog-rows tr.group', {hasText: 'Waiting for the answer'});
  await row.waitFor(wait);
  assert.match((await row.innerText()).replaceAll('\u00a0', ' '), /^Waiting for the answer face_liveness\s+\d+\s+\d+/);
  await until(async () => await number_of('delivered') === 12, 'all of them delivered', 60);
  await headline_has('All is well: nothing waits');
});

test('a failed case appears, with what to do about it and without its name', async () => {
  await world.drop('Halvorsen-bad', Buffer.from('this is no picture'));
  const card = page.locator('.failure', {hasText: 'NOT_AN_IMAGE'});
  await card.waitFor(wait);
  assert.match(await card.innerText(), /^1\s*Not an image\s*NOT_AN_IMAGE\s+Replace the file with a JPEG or PNG image/);
  await until(async () => await number_of('failed-cases') === 1, 'the failed case among the stations');
  assert.doesNotMatch(await page.content(), /Halvorsen/);
});

test('a pause is told with its reason, and is over when it is', async () => {
  await world.control('settings', {answer_after: '200ms'});
  await world.control('scenario', {rules: [{name: 'gone', match: {}, do: {drop: 'before_body'}}]});
  for (let i = 0; i < 12; ++i) await world.drop(`B-${i}`);
  await headline_has('Paused: the API is down');
  assert.match(await text_of('#troubles'), /The API is down[^]*12 cases wait for it[^]*What to do: Nothing, if it is the vendor/);
  await world.control('scenario', {rules: []});
  await until(async () => await number_of('delivered') === 24, 'the waiting cases delivered', 60);
  await headline_has('All is well');
  assert.ok(await page.locator('#troubles-part').isHidden());
});

test('a ticket runs before one’s eyes, is paused by its canary, and is told of when it has ended', async () => {
  assert.ok(await page.locator('#tickets-part').isHidden());
  const delivered = await number_of('delivered');
  await world.control('settings', {answer_after: '60s'});
  await world.drop_ticket('nightly', 'window: always\nnames: "Halvorsen-*"\n');
  const card = page.locator('.ticket', {hasText: 'nightly'});
  await card.getByText('12 on their way').waitFor(wait);
  assert.match((await card.innerText()).replaceAll('\u00a0', ' '), /^nightly\s+Running\s+0 of 12 cases, 0 %\s+12 on their way\s+12 paid calls$/);
  assert.equal(await number_of('pending'), 0); // those are dropped cases
  await headline_has('All is well: nothing waits');
  assert.match(await text_of('#facts'), /0 of 12 cases verified again/);
  if (process.env.KYCD_SCREENSHOTS) await page.screenshot({path: `${process.env.KYCD_SCREENSHOTS}/live-ticket.png`, fullPage: true});
  await world.cancel_ticket('nightly');
  await card.getByText('Ending').waitFor(wait);
  await world.control('settings', {answer_after: '200ms'});
  await world.control('scenario', {rules: [{name: 'mind', match: {call: 'submit'}, do: {task_answer: 'spoof'}}]});
  await world.drop_ticket('careful', 'window: always\nnames: "B-*"\ncanary: B-1\n');
  const careful = page.locator('.ticket', {hasText: 'careful'});
  await careful.getByText('Paused by kycd').waitFor(wait);
  await careful.getByText('kycd paused it: a canary: pass before, fail now').waitFor(wait);
  await headline_has('Needs a look: kycd has paused the re-verification careful');
  await world.cancel_ticket('careful');
  await page.locator('#tickets-ended li', {hasText: 'careful'}).waitFor(wait);
  assert.match((await text_of('#tickets-ended li >> nth=0')), /^careful\s*Cancelled[^]*1 changed, 11 not done · 1 paid call/);
  assert.equal(await number_of('delivered'), delivered);
  assert.doesNotMatch(await page.content(), /Halvorsen|B-1/);
  await world.control('scenario', {rules: []});
});

test('it fits light and dark, on a desk and on a phone, with nothing to complain of', async () => {
  for (const [colours, width] of [['light', 1200], ['dark', 1200], ['light', 360], ['dark', 360]]) {
    await page.emulateMedia({colorScheme: colours, reducedMotion: 'reduce'});
    await page.setViewportSize({width, height: 800});
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    const found = (await axe(page)).filter((each) => ['serious', 'critical'].includes(each.impact));
    assert.deepEqual(found, []);
    if (process.env.KYCD_SCREENSHOTS)
      await page.screenshot({path: `${process.env.KYCD_SCREENSHOTS}/live-${colours}-${width}.png`, fullPage: true});
  }
  assert.deepEqual(said, []);
});

test('when kycd ends the page says how old its figures are, and goes on by itself when kycd is back', async () => {
  await world.stop_kycd();
  await page.locator('#lost').waitFor(wait);
  await page.waitForFunction(() => /these figures are \d+.s old/.test(document.getElementById('lost').textContent), null, wait);
  assert.match(await text_of('#announce'), /lost/);
  assert.equal(await number_of('delivered'), 24);
  await world.start_kycd();
  await page.locator('#lost').waitFor({state: 'hidden', ...wait});
  await page.waitForFunction(() => document.getElementById('link').dataset.link === 'live', null, wait);
  await world.drop('C-1');
  await until(async () => await number_of('delivered') === 25, 'a case of the new process beside those of the old');
  await page.locator('.failure', {hasText: 'NOT_AN_IMAGE'}).waitFor(wait);
  assert.equal(await page.evaluate(() => window.never_reloaded), true);
  // What the browser itself says of refused connections is all there is.
  assert.deepEqual(said.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_ABORTED/.test(text)), []);
});

test('what the page shows is what the status document says', async () => {
  const doc = await (await fetch(`${world.address}/status.json`)).json();
  assert.equal(doc.schema, 'kycd.status/1');
  assert.equal(doc.ended.last_hour.delivered, await number_of('delivered'));
  assert.equal(doc.ended.last_hour.failed, await number_of('failed-cases'));
  assert.doesNotMatch(JSON.stringify(doc), /Halvorsen/);
});
