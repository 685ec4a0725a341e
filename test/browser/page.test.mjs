// The status page in a browser, with documents made by hand: the states that a real kycd comes into seldom.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import * as documents from './documents.mjs';
import {axe, launch, open} from './browser.mjs';
import {serve} from './fixture.mjs';
import {until} from './world.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const drawn = (page) => page.waitForFunction(() =>
  document.getElementById('story').dataset.mood !== 'opening' && document.querySelectorAll('.plot').length === 3);

/** Runs `body` with the page on this document. */
async function on_page(status, options, body, minutes = 720) {
  const listener = await serve(status, documents.history(Date.now(), minutes));
  try {
    const {page, said} = await open(browser, `${listener.address}/`, options);
    await drawn(page);
    await body(page, listener, said);
    await page.close();
  } finally {
    await listener.stop();
  }
}

const serious = (found) => found.filter((each) => ['serious', 'critical'].includes(each.impact));
const text_of = (page, selector) => page.locator(selector).innerText().then((text) => text.replaceAll('\u00a0', ' '));
const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const light_ground = 'rgb(244, 245, 247)';
const dark_ground = 'rgb(16, 21, 28)';
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const name of ['busy', 'tickets', 'paused', 'full_disk', 'empty', 'huge', 'hostile']) {
  test(`${name}: fits light and dark, on a desk and on a phone, with nothing to complain of`, async () => {
    await on_page(documents[name](), {}, async (page, _, said) => {
      for (const [colours, width] of [['light', 1200], ['dark', 1200], ['light', 360], ['dark', 360]]) {
        const where = `${colours}, ${width} px`;
        await page.emulateMedia({colorScheme: colours, reducedMotion: 'reduce'});
        await page.setViewportSize({width, height: 800});
        await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
        assert.equal(await overflow(page), 0, where);
        assert.deepEqual(serious(await axe(page)), [], where);
        assert.equal(await ground(page), colours === 'dark' ? dark_ground : light_ground, where);
        if (process.env.KYCD_SCREENSHOTS)
          await page.screenshot({path: `${process.env.KYCD_SCREENSHOTS}/${name}-${colours}-${width}.png`, fullPage: true});
      }
      assert.deepEqual(said, []);
    }, name === 'empty' ? 1 : 720);
  });
}

test('words from outside are shown as text', async () => {
  await on_page(documents.hostile(), {}, async (page) => {
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.equal(await page.locator('main img, main script').count(), 0);
    const shown = await text_of(page, 'main');
    assert.ok(shown.includes(documents.markup));
    assert.doesNotMatch(shown, /\u202e/);
  });
});

test('a paused kycd: what to do, when the next try is, and that it counts down', async () => {
  await on_page(documents.paused(), {}, async (page) => {
    assert.match(await text_of(page, 'h1'), /^Paused: the API refuses the credentials, since (\d+ \w+, )?\d\d:\d\d; (next try in \d+ s|trying now); 1,204 cases wait$/);
    assert.match(await text_of(page, '#troubles'), /What to do: Correct the user name or password/);
    assert.match(await page.title(), /^Paused/);
    assert.match(await page.locator('#troubles time').first().getAttribute('title'), / UTC$/);
  });
});

test('tickets: what each does, how far it is, why it stands still and what happens next', async () => {
  await on_page(documents.tickets(), {}, async (page, listener) => {
    const cards = (await page.locator('.ticket').allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' ').replace(/\s+/g, ' '));
    assert.equal(cards.length, 7);
    assert.match(cards[0], /^nightly-2026-11-21 Running 1,240 of 5,000 cases, 24 % 1,180 unchanged 41 changed 3 failed 16 not sent 48 on their way 3,712 to be done /);
    assert.match(cards[0], /Done in about 2 h · Its window closes at .*, in 7 h (30|29) min · 1,272 paid calls$/);
    assert.match(cards[1], /Waits for its window .*Outside its window, 22:00-06:00 Europe\/Oslo; goes on at .*, in 3 h [45] min/);
    assert.match(cards[2], /Held up .*background_check takes no cases for now; next try in [34]\d s/);
    assert.match(cards[3], /Paused by kycd .*a canary: pass before, fail now What to do: Its report in the outbox/);
    assert.match(cards[4], /^by-hand Paused .*Paused by the name of its file/);
    assert.doesNotMatch(cards[4], /What to do/);
    assert.match(await text_of(page, '#tickets-ended li >> nth=0'), /^strict\s*Stopped by its own limit.*29 unchanged, 31 changed, 740 not done · 60 paid calls.*31 of 60 cases/s);
    assert.match(await text_of(page, 'h1'), /^Needs a look: kycd has paused the re-verification after-the-update$/);
    assert.match(await text_of(page, '#facts'), /1,240 of 5,000 cases verified again/);
    const bar = page.locator('.ticket .progress').first();
    assert.deepEqual(await Promise.all(['role', 'aria-valuenow', 'aria-valuemax', 'aria-label'].map((name) => bar.getAttribute(name))),
      ['progressbar', '1240', '5000', 'Cases done of ticket nightly-2026-11-21']);
    const widths = await bar.locator('.part:visible').evaluateAll((all) => all.map((each) => [each.className, each.style.width]));
    assert.deepEqual(widths, [['part unchanged', '23.6%'], ['part changed', '0.82%'], ['part failed', '0.06%'], ['part skipped', '0.32%'], ['part in-hand', '0.96%']]);

    // It follows what happens, and goes when nothing is left to say.
    await page.evaluate(() => { window.kept = document.querySelector('.ticket'); });
    const next = documents.tickets();
    Object.assign(next.tickets[0], {unchanged: 4940, not_done: 0, in_hand: 0});
    next.tickets.length = 1;
    listener.status = next;
    listener.send();
    await page.waitForFunction(() => document.querySelectorAll('.ticket').length === 1);
    assert.match(await text_of(page, '.ticket .done'), /^5,000 of 5,000 cases, 100 %$/);
    assert.ok(await page.evaluate(() => window.kept.isConnected));
    listener.status = documents.busy();
    listener.send();
    await page.waitForFunction(() => document.getElementById('tickets-part').hidden);
  });
});

test('without tickets there is no part about them, and of very many only the first are shown', async () => {
  await on_page(documents.busy(), {}, async (page) => assert.ok(await page.locator('#tickets-part').isHidden()));
  await on_page(documents.huge(), {}, async (page) => {
    assert.equal(await page.locator('.ticket').count(), 12);
    assert.match(await text_of(page, '#tickets-more'), /^And 28 more: “kycd status” shows them.$/);
  });
});

test('the first headline is not announced, a change is, once', async () => {
  await on_page(documents.busy(), {}, async (page, listener) => {
    assert.equal(await text_of(page, '#announce'), '');
    listener.status = documents.paused();
    listener.send();
    await page.waitForFunction(() => document.getElementById('announce').textContent.startsWith('Paused'));
    const first = await text_of(page, '#announce');
    listener.status = documents.paused();
    listener.status.api.next_try_in_seconds = 7;
    listener.send();
    await page.waitForFunction(() => document.querySelector('h1').textContent.replaceAll('\u00a0', ' ').includes('in 7 s'));
    assert.equal(await text_of(page, '#announce'), first);
  });
});

test('an update leaves open details, the focus and the elements where they were', async () => {
  const status = documents.busy();
  status.failures[0].names = ['A-1', 'A-2'];
  await on_page(status, {}, async (page, listener) => {
    await page.locator('.names summary').first().focus();
    await page.keyboard.press('Enter');
    await page.evaluate(() => { window.kept = [...document.querySelectorAll('.failure, .station, #backlog-rows tr')]; });
    listener.status = {...status, ended: {...status.ended, last_hour: {delivered: 4000, failed: 9}}};
    listener.send();
    await page.waitForFunction(() => document.querySelector('#delivered .number').textContent === '4,000');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY');
    assert.equal(await page.locator('.names').first().getAttribute('open'), '');
    assert.ok(await page.evaluate(() => window.kept.every((each) => each.isConnected)));
  });
});

test('without an event stream it asks for status.json', async () => {
  const listener = await serve(documents.busy(), documents.history());
  listener.events = false;
  try {
    const {page} = await open(browser, `${listener.address}/`);
    await page.waitForFunction(() => document.getElementById('link').dataset.link === 'asking');
    assert.match(await text_of(page, 'h1'), /^All is well/);
    assert.ok(await page.locator('#lost').isHidden());
    listener.status = documents.empty();
    await page.waitForFunction(() => document.querySelector('h1').textContent.includes('nothing waits'), null, {timeout: 15000});
    listener.events = true;
    await page.waitForFunction(() => document.getElementById('link').dataset.link === 'live', null, {timeout: 15000});
    await page.close();
  } finally {
    await listener.stop();
  }
});

test('a stream that has fallen silent is noticed', async () => {
  await on_page(documents.busy(), {}, async (page, listener) => {
    const asked = page.waitForRequest('**/events', {timeout: 20000});
    listener.pause();
    await asked;
  });
});

test('all of it can be reached by the keyboard, in the order in which it is read, and the focus can be seen', async () => {
  await on_page(documents.busy(), {}, async (page) => {
    const seen = [];
    for (let i = 0; i < 9; ++i) {
      await page.keyboard.press('Tab');
      seen.push(await page.evaluate(() => {
        const at = document.activeElement;
        const ring = at.matches('input') ? at.nextElementSibling : at;
        return [at.id || at.value || at.textContent.trim(), getComputedStyle(ring).outlineStyle];
      }));
    }
    assert.deepEqual(seen.map(([name]) => name), ['theme', 'Failed', '180', 'These charts as a table', 'status.json', 'history.json', 'metrics', 'readyz', seen[8][0]]);
    assert.ok(seen.slice(0, 8).every(([, outline]) => outline === 'solid'), JSON.stringify(seen));
  });
});

test('the charts follow the chosen hours, and the table says the same', async () => {
  await on_page(documents.busy(), {}, async (page) => {
    const described = () => page.locator('.throughput .plot').getAttribute('aria-label');
    assert.match(await described(), /^Finished cases, 3.h: [\d,]+ delivered, \d+ failed; at most \d+ in 3 minutes\./);
    await page.locator('input[value="180"]').focus();
    await page.keyboard.press('ArrowRight');
    assert.match(await described(), /^Finished cases, 12.h: .*in 12 minutes\./);
    const total = Number((await described()).match(/([\d,]+) delivered/)[1].replaceAll(',', ''));
    await page.locator('.figures summary').click();
    const cells = await page.locator('#hours-rows td:nth-child(2)').allInnerTexts();
    assert.equal(cells.length, 12);
    assert.equal(cells.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0), total);
    const expected = documents.history().rows.reduce((sum, row) => sum + row[0], 0);
    assert.ok(Math.abs(total - expected) < 200, `${total} of ${expected}`); // a minute may have gone by
    const box = await page.locator('.open .plot').boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    assert.match(await text_of(page, '.open .readout'), /^\d\d:\d\d: [\d,]+ open$/);
    assert.match(await text_of(page, '.latency .readout'), /half within/);
  });
});

test('the colours can be chosen, and stay chosen', async () => {
  await on_page(documents.busy(), {colours: 'dark'}, async (page) => {
    await page.locator('#theme').click();
    assert.equal(await text_of(page, '#theme'), 'Colours: light');
    assert.equal(await ground(page), light_ground);
    await page.reload();
    await drawn(page);
    assert.equal(await ground(page), light_ground);
  });
});

test('nothing moves for who asked for that', async () => {
  const animations = () => document.getAnimations().length;
  await on_page(documents.busy(), {reduced: 'reduce'}, async (page) => assert.equal(await page.evaluate(animations), 0));
  await on_page(documents.busy(), {reduced: 'no-preference'}, async (page) => {
    await until(() => page.evaluate(animations), 'the lamp that breathes');
  });
});
