// Puts what words.js says on the page, every second.

import {$, keep, make, say, set} from './dom.js';
import {show_tickets} from './ticket_view.js';
import * as words from './words.js';

/** A <time> in the viewer's zone, UTC in its title. */
function show_time(element, moment) {
  say(element, words.clock(moment));
  set(element, 'datetime', moment ? moment.toISOString() : '');
  set(element, 'title', words.in_utc(moment));
}

export function announce(text) {
  say($('announce'), text);
}

const link_words = {live: 'live', asking: 'every 5 s', opening: 'connecting', lost: 'no connection'};

export function show_link(link) {
  set($('link'), 'data-link', link);
  say($('link-words'), link_words[link]);
}

/** `age`: of the figures, in seconds; null when there are none. */
export function show_lost(lost, age) {
  const banner = $('lost');
  banner.hidden = !lost;
  $('main').classList.toggle('stale', lost);
  if (!lost) return;
  const at = age === null ? null : new Date(Date.now() - age * 1000);
  say(banner, at === null
    ? 'No connection to kycd: it does not run, or does not answer here. Trying again.'
    : `No connection to kycd: these figures are ${words.lasting(age)} old, of ${words.clock(at, new Date(), true)}. Trying again.`);
}

let told = null;

function show_story(story) {
  set($('story'), 'data-mood', story.mood);
  say($('headline'), story.headline);
  say($('facts'), story.facts);
  const title = `${words.tab_words[story.mood]} · kycd`;
  if (document.title !== title) document.title = title;
  show_icon(story.mood);
  if (told !== null && told !== story.key) announce(story.headline);
  told = story.key;
}

/** A dot in the colour of the mood; with another form for each, as colour alone is no message. */
function show_icon(mood) {
  const forms = {
    well: '<circle cx="8" cy="8" r="6" fill="%231a7f4b"/>',
    slow: '<path d="M8 1l7 7-7 7-7-7z" fill="%239a6700"/>',
    worry: '<path d="M8 1l7 13H1z" fill="%239a6700"/>',
    paused: '<path d="M2 2h4v12H2zM10 2h4v12h-4z" fill="%23c0362c"/>',
    starting: '<path d="M3 1l11 7-11 7z" fill="%235a6575"/>',
    stopping: '<path d="M2 2h12v12H2z" fill="%235a6575"/>',
  };
  set($('icon'), 'href',
    `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${forms[mood]}</svg>`);
}

function show_troubles(list) {
  $('troubles-part').hidden = list.length === 0;
  keep($('troubles'), list, (each) => `${each.kind} ${each.service ?? ''} ${each.title} ${each.why}`, () => {
    const item = make('li', 'trouble');
    const head = make('h3');
    const when = make('p', 'when');
    when.append(make('span', 'since'), make('time'), make('span', 'next'));
    item.append(head, when, make('p', 'todo'), make('p', 'why'));
    return item;
  }, (item, each) => {
    set(item, 'data-stops', each.stops);
    const part = (selector) => item.querySelector(selector);
    say(part('h3'), each.title);
    say(part('.since'), each.since ? 'Since ' : '');
    if (each.since) show_time(part('time'), each.since);
    part('time').hidden = !each.since;
    const rest = [];
    if (each.next !== null) rest.push(words.next_words(each.next));
    if (each.waiting > 0) rest.push(`${words.cases(each.waiting)} ${each.waiting === 1 ? 'waits' : 'wait'} for it`);
    say(part('.next'), `${each.since && rest.length > 0 ? ' · ' : ''}${rest.join(' · ')}`);
    say(part('.todo'), `What to do: ${each.todo}`);
    say(part('.why'), each.why ? `In kycd’s words: ${each.why}` : '');
    part('.why').hidden = !each.why;
  });
}

/** The five stations of a case, each with one number and a line beneath it. */
function stations(doc) {
  const at = (...names) => words.in_states(doc, names);
  const not_ready = at('not_ready').total;
  const coming = at('waiting', 'not_ready');
  const flight = at('claimed', 'sending', 'delivering');
  const pending = at('pending');
  const hand = doc.in_hand ?? {};
  const {last_hour: hour = {}, last_day: day = {}} = doc.ended ?? {};
  const oldest = (found) => (found.oldest === null ? '' : `oldest ${words.lasting(found.oldest)}`);
  const lines = (...all) => all.filter(Boolean);
  return [
    {id: 'coming', title: 'Coming in', number: coming.total,
      lines: lines(oldest(coming), not_ready > 0 && `${words.count(not_ready)} not complete yet`)},
    {id: 'flight', title: 'In flight', number: flight.total, share: (hand.uploading ?? 0) / (hand.uploads_allowed || 1),
      lines: lines(oldest(flight), `${words.count(hand.uploading ?? 0)} of ${words.count(hand.uploads_allowed ?? 0)} uploads`)},
    {id: 'pending', title: 'Waiting for answers', number: pending.total, lines: lines(oldest(pending))},
    {id: 'delivered', title: 'Delivered', number: hour.delivered ?? 0,
      lines: ['in the last hour', `${words.brief(day.delivered ?? 0)} in 24 h`]},
    {id: 'failed-cases', title: 'Failed', link: '#failed', number: hour.failed ?? 0,
      lines: ['in the last hour', `${words.brief(day.failed ?? 0)} in 24 h`]},
  ];
}

function show_flow(doc) {
  keep($('flow'), stations(doc), (each) => each.id, (each) => {
    const item = make('li', 'station');
    item.id = each.id;
    const title = make('h3', '', each.link ? undefined : each.title);
    if (each.link) {
      const link = make('a', '', each.title);
      link.href = each.link;
      title.append(link);
    }
    item.append(title, make('p', 'number'));
    if (each.share !== undefined) {
      const bar = make('div', 'fill');
      bar.setAttribute('aria-hidden', 'true');
      bar.append(make('div'));
      item.append(bar);
    }
    item.append(make('p', 'line'), make('p', 'line'));
    return item;
  }, (item, each) => {
    const number = item.querySelector('.number');
    say(number, words.brief(each.number));
    set(number, 'title', words.count(each.number));
    item.classList.toggle('none', each.number === 0);
    item.querySelectorAll('.line').forEach((line, i) => say(line, each.lines[i] ?? ''));
    if (each.share !== undefined) item.querySelector('.fill > div').style.width = `${Math.min(1, each.share) * 100}%`;
  });
}

/** Rows of the table of ages: each state with all services, and, of several, each service beneath it. */
function age_rows(doc, columns) {
  const paused = new Set((doc.paused_services ?? []).map((each) => each.service));
  const groups = new Map();
  for (const row of doc.states ?? []) {
    if (!(row.cases > 0)) continue;
    if (!groups.has(row.state)) groups.set(row.state, []);
    groups.get(row.state).push(row);
  }
  const order = Object.keys(words.state_words);
  const rank = (state) => (order.includes(state) ? order.indexOf(state) : order.length);
  const rows = [];
  for (const [state, services] of [...groups].sort((a, b) => rank(a[0]) - rank(b[0]))) {
    const sums = Array.from({length: columns}, (_, i) => services.reduce((sum, row) => sum + (row.ages?.[i] ?? 0), 0));
    const total = services.reduce((sum, row) => sum + row.cases, 0);
    rows.push({key: state, label: words.state_words[state] ?? state, total, ages: sums, group: true,
      service: services.length === 1 ? services[0].service : null});
    if (services.length === 1) continue;
    for (const row of services.sort((a, b) => b.cases - a.cases || String(a.service).localeCompare(b.service)))
      rows.push({key: `${state} ${row.service}`, label: row.service, total: row.cases, ages: row.ages ?? [], group: false,
        paused: paused.has(row.service)});
  }
  return rows;
}

/** From 0 (none) to 5: how dark a cell is, by the order of magnitude of its share. */
const shade = (n, most) => (n > 0 ? 1 + Math.round((4 * Math.log1p(n)) / Math.log1p(Math.max(most, 1))) : 0);

/** Older is warmer: the columns from an hour on, and from six hours on. */
const warmth = (bound) => (bound === undefined || bound > 21600 ? 'old' : bound > 3600 ? 'late' : 'young');

function cell_of(role, tag, scope) {
  const cell = make(tag);
  cell.setAttribute('role', role);
  if (scope) cell.scope = scope;
  return cell;
}

function show_backlog(doc) {
  const bounds = doc.age_bounds_seconds ?? [];
  const heads = words.age_heads(bounds);
  const rows = age_rows(doc, heads.length);
  $('backlog').hidden = rows.length === 0;
  $('backlog-none').hidden = rows.length > 0;
  $('backlog').style.setProperty('--ages', String(Math.max(3, heads.length)));
  keep($('backlog-head'), [['State'], ['Cases'], ...heads], ([text]) => text, ([text, narrow]) => {
    const cell = cell_of('columnheader', 'th', 'col');
    cell.append(make('span', 'wide-only', text));
    if (narrow) cell.append(make('span', 'narrow-only', narrow));
    return cell;
  }, () => {});
  const most = Math.max(...rows.flatMap((row) => row.ages), 1);
  keep($('backlog-rows'), rows, (row) => row.key, (row) => {
    const line = cell_of('row', 'tr');
    line.className = row.group ? 'group' : 'service';
    const label = cell_of('rowheader', 'th', 'row');
    label.append(make('span', 'label'), make('span', 'of'));
    line.append(label, cell_of('cell', 'td'));
    for (let i = 0; i < heads.length; ++i) line.append(cell_of('cell', 'td'));
    return line;
  }, (line, row) => {
    say(line.querySelector('.label'), row.label);
    say(line.querySelector('.of'), row.paused ? ' paused' : row.service ? ` ${row.service}` : '');
    const [, total, ...ages] = line.cells;
    say(total, words.brief(row.total));
    ages.forEach((cell, i) => {
      const n = row.ages[i] ?? 0;
      say(cell, words.brief(n));
      set(cell, 'class', `${warmth(bounds[i])} shade-${shade(n, most)}`);
    });
  });
}

function show_failures(list) {
  const sorted = [...list].sort((a, b) => b.cases - a.cases);
  $('failed-none').hidden = sorted.length > 0;
  keep($('failures'), sorted, (each) => each.code, (each) => {
    const item = make('li', 'failure');
    const head = make('h3');
    head.append(make('span', 'number'), make('span', 'title', words.code_words(each.code)), make('code', '', each.code));
    const last = make('p', 'last');
    last.append(make('span', '', 'last at '), make('time'), make('span', 'by'));
    const names = make('details', 'names');
    names.append(make('summary', '', 'Which cases'), make('ul'));
    item.append(head, make('p', 'advice'), last, names);
    return item;
  }, (item, each) => {
    const part = (selector) => item.querySelector(selector);
    say(part('.number'), words.count(each.cases));
    say(part('.advice'), each.advice ?? '');
    show_time(part('time'), words.moment_of(each.last_at));
    const services = Object.entries(each.services ?? {}).sort((a, b) => b[1] - a[1]);
    say(part('.by'), services.map(([name, n]) => ` · ${name} ${words.count(n)}`).join(''));
    const names = each.names ?? [];
    part('.names').hidden = names.length === 0;
    keep(part('.names ul'), names, (name) => name, (name) => make('li', '', name), () => {});
  });
}

/** Folders on one file system are told together. */
function disks_of(list) {
  const found = new Map();
  for (const each of list) {
    const key = `${each.size_bytes}`;
    const known = found.get(key);
    if (known) {
      known.what.push(each.what);
      known.free = Math.min(known.free, each.free_bytes);
    } else {
      found.set(key, {key, what: [each.what], free: each.free_bytes, size: each.size_bytes});
    }
  }
  return [...found.values()];
}

function show_machine(doc) {
  keep($('parts'), doc.health?.components ?? [], (each) => each.name, (each) => {
    const item = make('li');
    item.append(make('span', 'mark'), make('span', 'part', each.name), make('span', 'words'));
    return item;
  }, (item, each) => {
    set(item, 'data-ok', String(each.ok !== false));
    say(item.querySelector('.mark'), each.ok === false ? 'bad' : 'ok');
    say(item.querySelector('.words'), each.words || (words.part_words[each.name] ?? ''));
  });
  keep($('disks'), disks_of(doc.disk ?? []), (each) => each.key, () => {
    const item = make('li');
    const bar = make('div', 'fill');
    bar.setAttribute('aria-hidden', 'true');
    bar.append(make('div'));
    item.append(make('p', 'what'), bar, make('p', 'line'));
    return item;
  }, (item, each) => {
    const free = each.size > 0 ? each.free / each.size : 1;
    item.classList.toggle('low', free < 0.1);
    say(item.querySelector('.what'), each.what.join(', '));
    say(item.querySelector('.line'), `${words.size(each.free)} free of ${words.size(each.size)}`);
    item.querySelector('.fill > div').style.width = `${Math.min(1, 1 - free) * 100}%`;
  });
  show_about(doc);
}

function show_about(doc) {
  const token = doc.api?.token ?? {};
  const started = words.moment_of(doc.started_at);
  const rows = [
    ['Version', doc.version ?? '–'],
    ['Started', words.clock(started), words.in_utc(started)],
    ['Token of the API', token.expires_in_seconds > 0 ? `${token.state}, for ${words.lasting(token.expires_in_seconds)}` : token.state ?? '–'],
    ['Uploads at a time', `${words.count(doc.in_hand?.uploads_allowed)} of ${words.count(doc.in_hand?.uploads_limit)}`],
    ['Ledger', words.size(doc.ledger?.size_bytes)],
  ];
  keep($('about'), rows, (row) => row[0], ([name]) => {
    const pair = make('div');
    pair.append(make('dt', '', name), make('dd'));
    return pair;
  }, (pair, [, value, title]) => {
    say(pair.lastChild, value);
    if (title) set(pair.lastChild, 'title', title);
  });
}

/** `age`: of the document, in seconds; null when it is too old to count down from. */
export function show_status(doc, age) {
  const story = words.story(doc, age ?? 0);
  show_story(story);
  show_troubles(story.troubles);
  show_flow(doc);
  show_backlog(doc);
  show_failures(doc.failures ?? []);
  show_tickets(doc, age ?? 0);
  show_machine(doc);
}
