// Status and history documents made by hand, for states that are hard to bring about: the shapes are those of
// docs/formats.md (kycd.status/1, kycd.history/1).

const iso = (ms) => new Date(ms).toISOString();

const bounds = [60, 300, 900, 3600, 21600, 86400];

function row(state, service, ages, oldest_seconds) {
  return {state, service, cases: ages.reduce((a, b) => a + b, 0), oldest_seconds, ages};
}

const GB = 1e9;

/** A good morning at the office. */
export function busy(now = Date.now()) {
  return {
    schema: 'kycd.status/1', pid: 4711, version: '0.1.0', started_at: iso(now - 2 * 86400e3), now: iso(now), stopping: false,
    faults: [],
    api: {host_down: false, credentials_refused: false, why: null, next_try_in_seconds: null,
      token: {state: 'good', expires_in_seconds: 192}, repeats_held_back: false, retry_budget_left: 500,
      pace: {calls_per_minute: null, resting_for_seconds: 0, uploads_allowed: 16, uploads_under_way: 12, polls_allowed: 32, polls_under_way: 3}},
    paused_services: [], held_back: {},
    in_hand: {cases: 356, uploading: 12, uploads_limit: 16, uploads_allowed: 16, polling: 3},
    states: [
      row('not_ready', 'kyc_card', [1, 1, 0, 0, 0, 0, 0], 245),
      row('waiting', 'kyc_card', [64, 8, 0, 0, 0, 0, 0], 131),
      row('waiting', 'kyc_passport', [19, 0, 0, 0, 0, 0, 0], 22),
      row('claimed', 'kyc_card', [4, 0, 0, 0, 0, 0, 0], 1),
      row('sending', 'kyc_card', [9, 0, 0, 0, 0, 0, 0], 3),
      row('sending', 'kyc_passport', [3, 0, 0, 0, 0, 0, 0], 2),
      row('pending', 'kyc_card', [301, 0, 0, 0, 0, 0, 0], 41),
      row('pending', 'kyc_passport', [36, 3, 0, 0, 0, 0, 0], 92),
    ],
    age_bounds_seconds: bounds,
    ended: {last_hour: {delivered: 3412, failed: 9}, last_day: {delivered: 41873, failed: 64}},
    latency: {cases: 3412, p50_ms: 8700, p95_ms: 14200},
    failures: [
      {code: 'IMAGE_TOO_SMALL', advice: 'Take or scan the image again with at least 480 x 480 pixels and drop the case again.', cases: 41, last_at: iso(now - 200e3), services: {kyc_card: 33, kyc_passport: 8}},
      {code: 'CASE_INCOMPLETE', advice: 'Add what is missing and drop the case again.', cases: 17, last_at: iso(now - 3900e3), services: {kyc_card: 17}},
      {code: 'TASK_FAILED', advice: 'The job broke down at the vendor: retry the case later and report the task id if it happens again.', cases: 6, last_at: iso(now - 20e3 - 6 * 3600e3), services: {kyc_passport: 6}},
    ],
    disk: ['inbox', 'work', 'outbox', 'failed'].map((what) => ({what, free_bytes: 61.2 * GB, size_bytes: 200 * GB})).concat([{what: 'ledger', free_bytes: 14 * GB, size_bytes: 40 * GB}]),
    ledger: {size_bytes: 182e6}, forecast_seconds: 410,
    health: {live: true, ready: true, components: [
      ...['daemon', 'loop', 'scan', 'ledger', 'spool', 'api', 'credentials', 'services'].map((name) => ({name, ok: true, words: ''}))]},
  };
}

/** One ticket of a status document; what is given replaces what stands here. */
function ticket(name, state, parts, more = {}) {
  const [unchanged, changed, failed, skipped, not_done, in_hand] = parts;
  return {name, state, why: null, selected: unchanged + changed + failed + skipped + not_done, unchanged, changed, failed, skipped, not_done, in_hand,
    calls: unchanged + changed + failed + in_hand, accepted_at: null, next_event: null, paused_by: null, forecast_seconds: null, ...more};
}

/** A night with tickets in each of their states, and the ones before. */
export function tickets(now = Date.now()) {
  const doc = busy(now);
  const at = (seconds) => iso(now + seconds * 1e3);
  doc.tickets = [
    ticket('nightly-2026-11-21', 'running', [1180, 41, 3, 16, 3760, 48], {accepted_at: at(-1800), forecast_seconds: 5400, next_event: {what: 'window_closes', at: at(7.5 * 3600)}}),
    ticket('cards-that-expire', 'waiting', [0, 0, 0, 0, 800, 0], {why: 'outside its window, 22:00-06:00 Europe/Oslo', next_event: {what: 'window_opens', at: at(3 * 3600 + 300)}}),
    ticket('background-checks', 'held_up', [12, 0, 0, 0, 88, 0], {why: 'background_check takes no cases for now', next_event: {what: 'next_try', at: at(42)}}),
    ticket('after-the-update', 'paused', [4, 1, 0, 0, 2995, 0], {why: 'kycd paused it: a canary: pass before, fail now', paused_by: 'canaries'}),
    ticket('by-hand', 'paused', [250, 2, 0, 1, 247, 0], {why: 'paused by the name of its file', paused_by: 'person'}),
    ticket('just-dropped', 'selecting', [0, 0, 0, 0, 0, 0], {why: 'its cases are being chosen'}),
    ticket('cancelled-one', 'ending', [90, 2, 0, 0, 408, 8], {why: 'cancelled'}),
  ];
  const old = (name, how, why, parts, ago) => {
    const {selected, unchanged, changed, failed, skipped, not_done, calls} = ticket(name, 'ended', [...parts, 0]);
    return {name, how, why, selected, unchanged, changed, failed, skipped, not_done, calls, ended_at: at(-ago)};
  };
  doc.ended_tickets = [
    old('strict', 'stop_if', '31 of 60 cases have another answer now (51.7 %), more than the 50 % that stop_if.changed allows', [29, 31, 0, 0, 740], 2000),
    old('nightly-2026-11-20', 'done', null, [4610, 350, 2, 38, 0], 8 * 3600),
  ];
  return doc;
}

/** The password was changed at the vendor's. */
export function paused(now = Date.now()) {
  const doc = busy(now);
  doc.api.credentials_refused = true;
  doc.api.since = iso(now - 900e3);
  doc.api.why = 'login: HTTP 401: No active account found with the given credentials';
  doc.api.next_try_in_seconds = 30;
  doc.api.token = {state: 'refused', expires_in_seconds: null};
  doc.in_hand.uploading = 0;
  doc.states = [row('waiting', 'kyc_card', [40, 200, 610, 12, 0, 0, 0], 960), row('waiting', 'kyc_passport', [9, 31, 102, 0, 0, 0, 0], 840),
    row('pending', 'kyc_card', [0, 0, 160, 40, 0, 0, 0], 1010)];
  doc.ended.last_hour = {delivered: 2110, failed: 4};
  doc.paused_services = [{service: 'ocr_card', http_status: 403, why: 'submit of ocr_card: HTTP 403', next_try_in_seconds: 42}];
  doc.forecast_seconds = null;
  doc.health.ready = false;
  doc.health.components[6] = {name: 'credentials', ok: false, words: 'all calls wait: refused; correct them, then reload kycd (restart it where systemd hands them over)'};
  doc.health.components[7] = {name: 'services', ok: false, words: 'ocr_card is paused: submit of ocr_card: HTTP 403'};
  return doc;
}

/** The disk is full. */
export function full_disk(now = Date.now()) {
  const doc = busy(now);
  doc.faults = [{what: 'No space left on device (in /var/spool/kycd/work)', since: iso(now - 130e3), tries: 26, waiting: 48}];
  doc.disk[0].free_bytes = doc.disk[1].free_bytes = doc.disk[2].free_bytes = doc.disk[3].free_bytes = 4096;
  doc.health.ready = false;
  doc.health.components[4] = {name: 'spool', ok: false, words: doc.faults[0].what};
  return doc;
}

/** Installed a minute ago. */
export function empty(now = Date.now()) {
  const doc = busy(now);
  Object.assign(doc, {states: [], failures: [], forecast_seconds: 0, started_at: iso(now - 60e3),
    ended: {last_hour: {delivered: 0, failed: 0}, last_day: {delivered: 0, failed: 0}}, latency: {cases: 0, p50_ms: null, p95_ms: null}});
  doc.in_hand.uploading = 0;
  doc.api.token = {state: 'none', expires_in_seconds: null};
  return doc;
}

/** What would break a layout. */
export function huge(now = Date.now()) {
  const doc = busy(now);
  doc.states = ['not_ready', 'waiting', 'claimed', 'sending', 'pending', 'delivering'].flatMap((state) =>
    ['kyc_card', 'kyc_passport_with_background_check', 'a_service_of_our_own_with_a_name_that_does_not_end'].map((service) =>
      row(state, service, [1234567, 98765432, 1e9, 3, 44444, 5, 678901], 40 * 86400)));
  doc.ended = {last_hour: {delivered: 12345678, failed: 1234567}, last_day: {delivered: 123456789, failed: 9999999}};
  doc.forecast_seconds = 3e9;
  doc.latency = {cases: 1e9, p50_ms: 36e5, p95_ms: 864e5};
  doc.failures = Array.from({length: 26}, (_, i) => ({...doc.failures[i % 3], code: `A_CODE_THAT_IS_RATHER_LONG_${i}`, cases: 10 ** (i % 9)}));
  doc.tickets = Array.from({length: 40}, (_, i) => ticket(`${'a-ticket-with-a-name-that-does-not-end-'.repeat(6)}${i}`, 'held_up', [1e9, 1, 123456789, 3, 9e9, 44444],
    {why: 'y'.repeat(2000), next_event: {what: 'next_try', at: iso(now + 1e12)}}));
  doc.ended_tickets = doc.tickets.slice(0, 20).map((each) => ({...each, how: 'stop_if', ended_at: iso(now - 1e6)}));
  doc.paused_services = ['kyc_card', 'a_service_of_our_own_with_a_name_that_does_not_end'].map((service) => ({service, http_status: 403, why: 'x'.repeat(2000), next_try_in_seconds: 1e7}));
  return doc;
}

export const markup = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';

/** Words from outside in every place that has any. */
export function hostile(now = Date.now()) {
  const doc = busy(now);
  const evil = `${markup}\u202e\u0007"'&`;
  doc.version = evil;
  doc.faults = [{what: evil, since: 'yesterday', tries: 1, waiting: 1}];
  doc.api.why = evil;
  doc.api.host_down = true;
  doc.paused_services = [{service: evil, http_status: 1, why: evil, next_try_in_seconds: 1}];
  doc.states.push({state: evil, service: evil, cases: 3, oldest_seconds: 1, ages: [3, 0, 0, 0, 0, 0, 0]});
  doc.states.push({state: 'pending', service: '__proto__', cases: 2, oldest_seconds: null, ages: []});
  doc.failures.push({code: evil, advice: evil, cases: 1, last_at: evil, services: {[evil]: 1}, names: [evil, 'A-1', 'constructor']});
  doc.tickets = [ticket(evil, evil, [NaN, null, -1, undefined, 3, 9], {why: evil, next_event: {what: evil, at: evil}, paused_by: evil, selected: evil}),
    ticket('__proto__', 'paused', [1, 0, 0, 0, 1, 0], {paused_by: 'constructor'}), {}];
  doc.ended_tickets = [{name: evil, how: evil, why: evil, ended_at: evil}, {}];
  doc.disk.push({what: evil, free_bytes: null, size_bytes: 5});
  doc.health.components.push({name: evil, ok: false, words: evil});
  return doc;
}

/** A day with a morning peak; `minutes` of it. */
export function history(now = Date.now(), minutes = 720) {
  const until = Math.floor(now / 60000) * 60000;
  let backlog = 60;
  const rows = Array.from({length: minutes}, (_, i) => {
    const t = i / 720;
    const load = 18 + 40 * Math.exp(-(((t - 0.55) / 0.12) ** 2)) + 22 * Math.exp(-(((t - 0.92) / 0.06) ** 2)) + 5 * Math.sin(i / 5) + 3 * Math.sin(i * 1.7);
    const outage = i > 600 && i < 618;
    const delivered = outage ? 0 : Math.max(0, Math.round(load + (i >= 618 && i < 640 ? 35 : 0)));
    backlog = Math.max(30, outage ? backlog + 55 : Math.round(backlog * 0.9 + load * 0.7));
    const failed = i % 47 === 0 ? 2 : i % 61 === 0 ? 5 : 0;
    const slow = i >= 618 && i < 650 ? 8 : 1;
    return [delivered, failed, delivered + failed, backlog, outage ? null : Math.round((7000 + 60 * load) * slow ** 0.5), outage ? null : Math.round((11000 + 120 * load) * slow)];
  });
  return {schema: 'kycd.history/1', step_seconds: 60, until: iso(until), columns: ['delivered', 'failed', 'submitted', 'backlog', 'p50_ms', 'p95_ms'], rows};
}
