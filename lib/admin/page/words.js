// What the page says: numbers, times and sentences made from kycd's status document (schema kycd.status/1). Nothing here
// touches the page, so that tests can ask for every sentence.

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, {notation: 'compact', maximumFractionDigits: 1});
const one_place = new Intl.NumberFormat(undefined, {maximumFractionDigits: 1});

/** A count in full, with the viewer's separators. What is no number reads as none. */
export const count = (n) => (Number.isFinite(n) ? whole.format(n) : '–');

/** A count for narrow places: in full up to six digits. */
export const brief = (n) => (Number.isFinite(n) && Math.abs(n) >= 1e6 ? short.format(n) : count(n));

/** "1 case", "1,204 cases" */
export const cases = (n) => `${count(n)} ${n === 1 ? 'case' : 'cases'}`;

/** A number and its unit stay on one line. */
const with_unit = (number, unit) => `${number}\u00a0${unit}`;

/** A duration in two steps at most: "41 s", "4 min 5 s", "6 h 2 min", "3 d 4 h". */
export function lasting(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return with_unit(s, 's');
  const two = (a, a_unit, b, b_unit) => with_unit(count(a), a_unit) + (b > 0 ? ` ${with_unit(b, b_unit)}` : '');
  if (s < 3600) return two(Math.floor(s / 60), 'min', s < 600 ? s % 60 : 0, 's');
  if (s < 86400) return two(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'min');
  return two(Math.floor(s / 86400), 'd', Math.floor((s % 86400) / 3600), 'h');
}

/** The same in one step and without precision, for what is only estimated. */
export function about(seconds) {
  if (seconds < 60) return 'less than a minute';
  if (seconds < 5400) return `about ${with_unit(count(Math.round(seconds / 60)), 'min')}`;
  if (seconds < 129600) return `about ${with_unit(count(Math.round(seconds / 3600)), 'h')}`;
  return `about ${with_unit(count(Math.round(seconds / 86400)), 'd')}`;
}

/** How long something took, in milliseconds: "420 ms", "9.3 s", "2 min 12 s". */
export function took(ms) {
  if (!Number.isFinite(ms)) return '–';
  if (ms === 0) return '0';
  if (ms < 995) return with_unit(Math.round(ms), 'ms');
  return ms < 9950 ? with_unit(one_place.format(ms / 1000), 's') : lasting(ms / 1000);
}

/** The same for an axis: "420 ms", "90 s" as "1.5 min". */
export function took_briefly(ms) {
  const [unit, of] = [['h', 3600e3], ['min', 60e3], ['s', 1e3]].find(([, least]) => ms >= least) ?? ['ms', 1];
  return ms === 0 ? '0' : with_unit(one_place.format(ms / of), unit);
}

/** "41.2 GB" */
export function size(bytes) {
  if (!Number.isFinite(bytes)) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let n = bytes;
  let i = 0;
  for (; n >= 1000 && i + 1 < units.length; ++i) n /= 1000;
  return with_unit(n < 100 && i > 0 ? one_place.format(n) : whole.format(Math.round(n)), units[i]);
}

/** A moment as the viewer's clock shows it, with the day unless it is the day of `now`. None is a dash. */
export function clock(moment, now = new Date(), seconds = false) {
  if (!moment) return '–';
  const how = {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
  if (seconds) how.second = '2-digit';
  if (moment.toDateString() !== now.toDateString()) Object.assign(how, {day: 'numeric', month: 'short'});
  return moment.toLocaleString(undefined, how);
}

/** The same moment in UTC, for whoever compares with logs. */
export const in_utc = (moment) => (moment ? `${moment.toISOString().slice(0, 19).replace('T', ' ')} UTC` : '');

/** The states of a case on its way, in their order, in a layman's words. */
export const state_words = {
  not_ready: 'Not complete yet',
  waiting: 'Waiting in the inbox',
  claimed: 'Being checked',
  sending: 'Being uploaded',
  pending: 'Waiting for the answer',
  delivering: 'Being delivered',
};

/** "NOT_AN_IMAGE" → "Not an image" */
export function code_words(code) {
  const words = String(code).toLowerCase().replaceAll('_', ' ').replace(/\bapi\b/g, 'API');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The heads of the columns of ages, one more than there are bounds; each in full, and for narrow places. */
export function age_heads(bounds) {
  const head = (sign, seconds) => {
    const text = lasting(seconds);
    return [`${sign} ${text}`, `${sign}${text.replace('min', 'm').replaceAll('\u00a0', '')}`];
  };
  const heads = bounds.map((each) => head('≤', each));
  return bounds.length > 0 ? [...heads, head('>', bounds.at(-1))] : [['all', 'all']];
}

/** Text from outside without what would steer how the rest of the line is shown: control and direction characters. */
export const plain = (text) => String(text).replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');

/** The time in a document, or null. */
export function moment_of(text) {
  const moment = new Date(text ?? NaN);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

/** Cases in any of these states, of one service or of all; and the age of the oldest, or null. */
export function in_states(doc, names, service) {
  let total = 0;
  let oldest = null;
  for (const row of doc.states ?? []) {
    if (!names.includes(row.state) || (service !== undefined && row.service !== service)) continue;
    total += row.cases ?? 0;
    if (row.cases > 0 && Number.isFinite(row.oldest_seconds)) oldest = Math.max(oldest ?? 0, row.oldest_seconds);
  }
  return {total, oldest};
}

/** All that goes on by itself, so without what its producer has not finished. */
export const moving = ['waiting', 'claimed', 'sending', 'pending', 'delivering'];

const faults = [
  [/no space left|quota exceeded/i, 'A disk is full', 'Make room on it.'],
  [/read-only file system/i, 'A disk is read-only', 'Mount it for writing again; a failing disk does this by itself.'],
  [/permission denied|not permitted/i, 'kycd may not touch a file or folder',
    'Give the user of kycd its rights back.'],
  [/input\/output error/i, 'A disk reads or writes badly', 'Look at the disk and at the log of the machine.'],
  [/stale|not connected|no such device|no such file|host is down|timed out/i, 'A folder has gone',
    'Mount the share or disk again.'],
  [/too many open files/i, 'The system gives kycd no more files', 'Raise the limit of open files of the service.'],
];

function fault_trouble(fault, stops) {
  const [, title, todo] = faults.find(([pattern]) => pattern.test(fault.what ?? '')) ??
    [null, 'The system under kycd is in trouble', 'Mend what is named here.'];
  return {
    kind: 'fault', stops, title, why: fault.what ?? '', since: moment_of(fault.since),
    todo: `${todo} kycd tries again every few seconds and goes on by itself; no case is lost.`,
    next: null, waiting: fault.waiting ?? null,
  };
}

/** Whether the network says that a certificate is wrong, which waiting does not cure. */
const is_tls = (why) => /certificate|\btls\b/i.test(why ?? '');

function api_troubles(doc) {
  const api = doc.api ?? {};
  const found = [];
  const next = api.next_try_in_seconds ?? null;
  const since = moment_of(api.since);
  const waiting = in_states(doc, moving).total;
  const base = {why: api.why ?? '', since, next, waiting, stops: 'all'};
  if (api.credentials_refused) {
    found.push({...base, kind: 'credentials', title: 'The API refuses the credentials',
      todo: 'Correct the user name or password that the configuration names, then run “systemctl reload kycd” (“restart” where it comes by LoadCredential=). ' +
        'No case is lost or charged meanwhile.'});
  }
  if (api.host_down) {
    found.push({...base, kind: 'api_down', title: is_tls(api.why) ? 'No safe connection to the API' : 'The API is down',
      todo: is_tls(api.why)
        ? 'Mend what is named here: an address, a CA file, a certificate, a clock. Then run “systemctl reload kycd”. Nothing was sent.'
        : 'Nothing, if it is the vendor’s trouble: kycd tries one call now and then and goes on by itself. If it ' +
          'lasts, “kycd check” tells whether the network here or a proxy is to blame.'});
  }
  if (api.no_token) {
    found.push({...base, kind: 'no_token', title: 'The API gives no token',
      todo: 'Look whether “api.base_url” leads to the API. kycd tries the login again by itself.'});
  }
  return found;
}

function service_trouble(doc, one) {
  return {
    kind: 'service', stops: 'some', service: one.service, title: `${one.service} takes no cases for now`,
    why: one.why ?? '', since: moment_of(one.since), next: one.next_try_in_seconds ?? null,
    waiting: in_states(doc, ['waiting', 'claimed'], one.service).total,
    todo: 'Mend the cause, or ask the vendor about the account. One case is tried now and then; the others follow ' +
      'when it is taken. “systemctl reload kycd” tries one at once.',
  };
}

function slow_troubles(doc) {
  const api = doc.api ?? {};
  const rest = api.pace?.resting_for_seconds ?? 0;
  const found = [];
  const base = {stops: 'none', since: null, waiting: null, next: null};
  if (api.repeats_held_back) {
    found.push({...base, kind: 'repeats', title: 'What failed before is tried one at a time', why: '',
      todo: 'Nothing: too many repeats failed while other calls got through. It ends when calls succeed again.'});
  }
  if (rest >= 2 && !api.host_down && !api.credentials_refused) {
    found.push({...base, kind: 'rest', title: 'The API asked for a rest', why: 'It refused calls that came too fast.',
      next: rest, todo: 'Nothing: kycd goes on by itself, a little slower.'});
  }
  return found;
}

/** What each part of health is, for who never saw kycd's inside. */
export const part_words = {
  daemon: 'kycd itself', loop: 'the work goes round', scan: 'looks into the inbox', ledger: 'the record of every case',
  spool: 'the folders of the cases', api: 'the service that answers', credentials: 'the login at the API',
  services: 'what the API is asked for',
};

/** "starting: …" while kycd puts in order what an earlier run left; of a kycd that runs, nothing. */
const phase_of = (doc) =>
  doc.health?.components?.find((each) => each.name === 'daemon' && each.ok === false)?.words ?? '';

/** Which parts a trouble of this kind explains. */
const explains = {
  credentials: ['credentials', 'api'], api_down: ['api'], no_token: ['api', 'credentials'],
  fault: ['spool', 'scan', 'ledger'], service: ['services'],
};

/** Parts that are not well and that nothing above explains. */
function part_troubles(doc, told) {
  const explained = new Set(['daemon', ...told.flatMap((each) => explains[each.kind] ?? [])]);
  return (doc.health?.components ?? []).filter((each) => each.ok === false && !explained.has(each.name)).map((each) => ({
    kind: 'part', stops: 'some', title: `Not well: ${each.name}`, why: each.words ?? '', since: null, next: null,
    waiting: null, todo: 'The log of kycd says more: “journalctl -u kycd”.',
  }));
}

/** All that keeps cases from moving, the worst first. `seconds`: how old the document is. */
export function troubles(doc, seconds = 0) {
  const stops = doc.faults_hold_up_all === false ? 'some' : 'all';
  const found = [...(doc.faults ?? []).map((each) => fault_trouble(each, stops)), ...api_troubles(doc),
    ...(doc.paused_services ?? []).map((each) => service_trouble(doc, each)), ...slow_troubles(doc)];
  found.push(...part_troubles(doc, found));
  for (const each of found)
    if (each.next !== null) each.next = Math.max(0, each.next - seconds);
  return found;
}

/** "next try in 30 s" */
export const next_words = (next) => (next >= 1 ? `next try in ${lasting(next)}` : 'trying now');

function pause_headline(doc, first, now) {
  const title = first.kind === 'service' ? first.title : first.title.replace(/^(The|A|No) /, (word) => word.toLowerCase());
  let text = `${first.stops === 'all' ? 'Paused' : 'Partly paused'}: ${title}`;
  if (first.since) text += `, since ${clock(first.since, now)}`;
  if (first.next !== null) text += `; ${next_words(first.next)}`;
  const waiting = first.stops === 'all' ? in_states(doc, moving).total : first.waiting;
  if (waiting > 0) text += `; ${cases(waiting)} ${waiting === 1 ? 'waits' : 'wait'}`;
  return text;
}

/** How many of the cases that ended within an hour have to fail before all is not well. */
const many_failures = {share: 0.2, least: 5};

/** Nothing ended for an hour, and something has waited for so long: then all is not well either. */
const too_quiet_seconds = 900;

function worry(doc) {
  const hour = doc.ended?.last_hour ?? {};
  const ended = (hour.delivered ?? 0) + (hour.failed ?? 0);
  if (hour.failed >= many_failures.least && hour.failed >= many_failures.share * ended)
    return `Needs a look: ${count(hour.failed)} of ${cases(ended)} failed in the last hour`;
  const open = in_states(doc, moving);
  if (ended === 0 && doc.ended && open.oldest > too_quiet_seconds)
    return `Needs a look: ${cases(open.total)} under way, but none has ended in the last hour`;
  const paused = (doc.tickets ?? []).find((each) => ['canaries', 'ledger'].includes(each.paused_by));
  if (paused) return `Needs a look: kycd has paused the re-verification ${paused.name}`;
  return null;
}

function work_words(doc) {
  const open = in_states(doc, moving);
  if (open.total === 0) return 'nothing waits';
  const parts = [];
  const add = (n, words) => { if (n > 0) parts.push(`${count(n)} ${words}`); };
  add(in_states(doc, ['waiting']).total, 'in the inbox');
  add(in_states(doc, ['sending']).total, 'uploading');
  add(in_states(doc, ['pending']).total, 'waiting for answers');
  if (parts.length === 0) add(open.total, 'in hand'); // a moment between two of those
  if (open.oldest !== null) parts.push(`oldest ${lasting(open.oldest)}`);
  return parts.join(', ');
}

function facts_of(doc, mood) {
  const hour = doc.ended?.last_hour;
  const facts = [];
  if (hour) {
    const delivered = hour.delivered > 0 ? `${count(hour.delivered)} delivered` : 'Nothing delivered';
    facts.push(`${delivered}${hour.failed > 0 ? `, ${count(hour.failed)} failed` : ''} in the last hour`);
  }
  const p95 = doc.latency?.p95_ms;
  if (Number.isFinite(p95)) facts.push(`95 % answered within ${took(p95)}`);
  if (mood !== 'paused' && doc.forecast_seconds > 0) facts.push(`the backlog is done in ${about(doc.forecast_seconds)}`);
  const again = (doc.tickets ?? []).filter((each) => each.state === 'running');
  const sum = (name) => again.reduce((all, each) => all + (each[name] ?? 0), 0);
  if (again.length > 0) facts.push(`${count(sum('selected') - sum('not_done'))} of ${cases(sum('selected'))} verified again`);
  const pace = doc.api?.pace?.calls_per_minute;
  if (Number.isFinite(pace)) facts.push(`about ${one_place.format(pace / 60)} calls a second, for the API refused more`);
  return facts.join(' · ');
}

/**
 * The one sentence, and what belongs to it.
 * mood: well | slow | worry | paused | starting | stopping. key: changes when somebody should be told, not with every figure.
 */
export function story(doc, seconds = 0, now = new Date()) {
  const list = troubles(doc, seconds);
  const first = list.find((each) => each.stops === 'all') ?? list.find((each) => each.stops === 'some') ?? list[0];
  let mood = 'well';
  let headline;
  const worries = worry(doc);
  if (doc.stopping) {
    mood = 'stopping';
    headline = 'Stopping: kycd finishes its uploads; what waits for answers goes on at the next start';
  } else if (phase_of(doc).startsWith('starting')) {
    mood = 'starting';
    headline = 'Starting: kycd puts in order what an earlier run left';
  } else if (first && first.stops !== 'none') {
    mood = first.stops === 'all' ? 'paused' : 'worry';
    headline = first.kind === 'part' ? `Needs a look: ${first.title.replace(/^Not well: /, '')} is not well`
      : pause_headline(doc, first, now);
  } else if (worries) {
    mood = 'worry';
    headline = worries;
  } else if (first) {
    mood = 'slow';
    headline = `Slower than usual: ${work_words(doc)}`;
  } else {
    headline = `All is well: ${work_words(doc)}`;
  }
  const key = `${mood} ${list.map((each) => `${each.kind} ${each.service ?? each.title}`).join('; ')}`;
  return {mood, headline, facts: facts_of(doc, mood), troubles: list, key};
}

/** For the browser's tab. */
export const tab_words = {well: 'All is well', slow: 'Slower', worry: 'Needs a look', paused: 'Paused', starting: 'Starting',
  stopping: 'Stopping'};
