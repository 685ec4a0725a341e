// The sentences of the status page, made without a page: lib/admin/page/words.js.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import * as documents from './documents.mjs';

// Not by its path: there, some versions of node take a .js for an old kind of module.
const source = await readFile(new URL('../../lib/admin/page/words.js', import.meta.url), 'base64');
const words = await import(`data:text/javascript;base64,${source}`);

const ticket_source = (await readFile(new URL('../../lib/admin/page/ticket_words.js', import.meta.url), 'utf8'))
  .replace("'./words.js'", `'data:text/javascript;base64,${source}'`);
const tickets = await import(`data:text/javascript;base64,${Buffer.from(ticket_source).toString('base64')}`);

const spaces = (text) => text.replaceAll('\u00a0', ' ');
const headline = (doc, seconds) => spaces(words.story(doc, seconds, new Date(doc.now)).headline);

test('durations have two steps at most, and no false precision', () => {
  const cases = [[0, '0 s'], [41.4, '41 s'], [245, '4 min 5 s'], [599, '9 min 59 s'], [660, '11 min'], [7500, '2 h 5 min'],
    [273600, '3 d 4 h'], [NaN, '–'], [undefined, '–'], [-3, '0 s']];
  for (const [seconds, text] of cases) assert.equal(spaces(words.lasting(seconds)), text);
  assert.deepEqual([0, 420, 996, 9300, 132000].map((ms) => spaces(words.took(ms))), ['0', '420 ms', '1 s', '9.3 s', '2 min 12 s']);
  assert.deepEqual([0, 400, 2000, 90000, 5400000].map((ms) => spaces(words.took_briefly(ms))), ['0', '400 ms', '2 s', '1.5 min', '1.5 h']);
  assert.deepEqual([999, 61.2e9, 182e6].map((n) => spaces(words.size(n))), ['999 B', '61.2 GB', '182 MB']);
});

test('all is well: how much is where, and how old the oldest is', () => {
  assert.equal(headline(documents.busy()), 'All is well: 91 in the inbox, 12 uploading, 340 waiting for answers, oldest 2 min 11 s');
  assert.equal(headline(documents.empty()), 'All is well: nothing waits');
});

test('paused: why, since when, when the next try is, and how many wait', () => {
  const doc = documents.paused();
  const since = words.clock(new Date(doc.api.since), new Date(doc.now));
  assert.equal(headline(doc), `Paused: the API refuses the credentials, since ${since}; next try in 30 s; 1,204 cases wait`);
  assert.match(headline(doc, 12), /next try in 18 s;/);
  assert.match(headline(doc, 40), /trying now;/);
  const list = words.troubles(doc);
  assert.deepEqual(list.map((each) => each.kind), ['credentials', 'service']);
  assert.match(list[0].todo, /systemctl reload kycd/);
});

test('each kind of trouble has a title of its own and says what to do', () => {
  const made = (change) => { const doc = documents.busy(); change(doc); return doc; };
  const cases = [
    [(doc) => { doc.faults = [{what: 'rename: No space left on device', since: doc.now, waiting: 3}]; }, /^Paused: a disk is full, since/],
    [(doc) => { doc.faults = [{what: 'open: Permission denied', since: null, waiting: 3}]; }, /^Paused: kycd may not touch/],
    [(doc) => { doc.faults = [{what: 'Permission denied', since: null, waiting: 1}]; doc.faults_hold_up_all = false; }, /^Partly paused: kycd may not touch a file or folder; 1 case waits/],
    [(doc) => { doc.api.host_down = true; doc.api.why = 'connect: refused'; }, /^Paused: the API is down; 447 cases wait/],
    [(doc) => { doc.api.host_down = true; doc.api.why = 'certificate verify failed'; }, /^Paused: no safe connection to the API/],
    [(doc) => { Object.assign(doc.api, {no_token: true, why: 'HTML', next_try_in_seconds: 5, token: {state: 'none'}}); }, /^Paused: the API gives no token; next try in 5 s/],
    [(doc) => { doc.paused_services = [{service: 'kyc_card', why: 'HTTP 403', next_try_in_seconds: 42}]; }, /^Partly paused: kyc_card takes no cases for now; next try in 42 s; 76 cases wait/],
    [(doc) => { doc.api.repeats_held_back = true; }, /^Slower than usual: /],
    [(doc) => { doc.api.pace.resting_for_seconds = 20; }, /^Slower than usual: /],
    [(doc) => { doc.health.components[2] = {name: 'scan', ok: false, words: 'stuck'}; }, /^Needs a look: scan is not well/],
    [(doc) => { doc.ended.last_hour = {delivered: 10, failed: 30}; }, /^Needs a look: 30 of 40 cases failed in the last hour/],
    [(doc) => { doc.ended.last_hour = {delivered: 0, failed: 0}; doc.states[7].oldest_seconds = 4000; }, /none has ended in the last hour/],
    [(doc) => { doc.health.components[0] = {name: 'daemon', ok: false, words: 'starting: what an earlier run left is put in order'}; }, /^Starting: /],
    [(doc) => { doc.stopping = true; }, /^Stopping: /],
  ];
  for (const [change, expected] of cases) {
    const doc = made(change);
    assert.match(headline(doc), expected);
    for (const each of words.troubles(doc)) assert.ok(each.title && each.todo, each.kind);
  }
});

test('figures that move are not announced, a change of state is', () => {
  const first = words.story(documents.paused(), 0).key;
  assert.equal(words.story(documents.paused(), 20).key, first);
  assert.notEqual(words.story(documents.busy(), 0).key, first);
});

test('of a ticket: what it does, why not, and when it goes on', () => {
  const now = new Date('2026-11-20T22:00:00Z');
  const told = (more) => tickets.told({state: 'running', selected: 9, calls: 1, ...more}, now);
  const in_an_hour = '2026-11-20T23:00:00Z';
  assert.equal(spaces(told({forecast_seconds: 1800, next_event: {what: 'window_closes', at: in_an_hour}}).facts),
    `Done in about 30 min · Its window closes at ${words.clock(new Date(in_an_hour), now)}, in 1 h · 1 paid call`);
  assert.match(spaces(told({forecast_seconds: 9000, next_event: {what: 'window_closes', at: in_an_hour}}).facts),
    /^It needs about 3 h more, longer than its window is open · /);
  assert.equal(told({}).facts, '1 paid call');
  assert.equal(told({state: 'waiting', forecast_seconds: 60}).facts, '1 paid call');
  assert.equal(told({state: 'selecting', selected: 0, calls: 0}).facts, '');
  assert.equal(told({state: 'held_up', why: 'ocr_card takes no cases for now'}).why, 'ocr_card takes no cases for now');
  assert.equal(spaces(told({state: 'held_up', why: 'the API is down', next_event: {what: 'next_try', at: '2026-11-20T22:00:07Z'}}).why), 'The API is down; next try in 7 s');
  assert.match(told({state: 'held_up', why: 'x', next_event: {what: 'next_try', at: '2026-11-20T22:00:00Z'}}).why, /trying now$/);
  assert.deepEqual(['canaries', 'ledger', 'person', null].map((paused_by) => told({state: 'paused', paused_by}).mood), ['worry', 'worry', 'quiet', 'quiet']);
  assert.equal(told({state: 'of_a_later_version'}).state, 'of a later version');
  for (const each of ['selecting', 'running', 'waiting', 'held_up', 'paused', 'ending']) assert.match(told({state: each}).state, /^[A-Z]/);
  for (const how of ['done', 'cancelled', 'stop_if', 'budget', 'window', 'unreadable']) assert.match(tickets.ended({how}).how, /^[A-Z]/);
});

test('of a ticket: nearly all is not all, and the parts are what was selected', () => {
  const nearly = {selected: 100000, unchanged: 99999, changed: 0, failed: 0, skipped: 0, not_done: 1, in_hand: 1};
  assert.equal(spaces(tickets.done_words(nearly)), '99,999 of 100,000 cases, 99 %');
  assert.equal(tickets.balance_words(nearly), '99,999 unchanged, 1 on their way');
  assert.equal(tickets.parts(nearly).reduce((sum, each) => sum + each.cases, 0), nearly.selected);
  assert.equal(spaces(tickets.done_words({selected: 0})), 'No case yet');
  assert.equal(spaces(tickets.done_words({selected: 1, not_done: 0})), '1 of 1 case, 100 %');
});

test('an older or broken document makes sentences, not errors', () => {
  for (const doc of [{}, {states: null, api: null, faults: [{}], paused_services: [{}]}, documents.hostile(), documents.huge()])
    assert.ok(words.story(doc).headline.length > 0);
  assert.equal(words.plain('a\u202eb\u0007c'), 'a\ufffdb\ufffdc');
});
