// The last hours as three small charts and one table, drawn from kycd's history document (schema kycd.history/1).

import {$, keep, make, say} from './dom.js';
import * as words from './words.js';

const svg_names = 'http://www.w3.org/2000/svg';

/** Bars of a chart, and rows of the table, at most. */
const most_bars = 60;
const table_rows = 12;

const height = 120;
const top = 8;
const below = 20; // the words beneath the axis
const left = 50; // and beside it

let minutes = 180;

/** An SVG element with these attributes and this text. */
function draw(tag, attributes, text) {
  const element = document.createElementNS(svg_names, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The rows within the range, as objects with `at` (the end of their minute, ms); minutes without a row are left out. */
function points_of(history) {
  const columns = history.columns ?? [];
  const rows = history.rows ?? [];
  const step = (history.step_seconds ?? 60) * 1000;
  const until = Date.parse(history.until) || Date.now();
  const from = until - minutes * 60000;
  const points = rows.map((row, i) => ({at: until - (rows.length - 1 - i) * step,
    ...Object.fromEntries(columns.map((name, column) => [name, row[column] ?? null]))}));
  return {from, until, step, points: points.filter((each) => each.at > from)};
}

/** Joins what falls into each of `n` equal parts of the range: sums of what is counted, the most of what is measured. */
function parts_of({from, until, points}, n) {
  const width = (until - from) / n;
  const parts = Array.from({length: n}, (_, i) => ({from: from + i * width, until: from + (i + 1) * width, minutes: 0,
    delivered: 0, failed: 0, submitted: 0, backlog: null, p50_ms: null, p95_ms: null}));
  for (const point of points) {
    const part = parts[Math.min(n - 1, Math.max(0, Math.ceil((point.at - from) / width) - 1))];
    ++part.minutes;
    for (const name of ['delivered', 'failed', 'submitted']) part[name] += point[name] ?? 0;
    for (const name of ['backlog', 'p50_ms', 'p95_ms'])
      if (point[name] !== null && point[name] !== undefined) part[name] = Math.max(part[name] ?? 0, point[name]);
  }
  return parts;
}

/** The next round number; of time, the next that reads well. */
function round_up(value, steps) {
  if (steps) return steps.find((each) => each >= value) ?? Math.ceil(value / 86400000) * 86400000;
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10].map((each) => Math.ceil(each * power)).find((each) => each >= value);
}

const time_steps = [0.1, 0.2, 0.4, 0.6, 1, 2, 4, 6, 10, 20, 30, 40, 60, 120, 180, 240, 360, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400]
  .map((seconds) => seconds * 1000);

/** Full hours, halves or quarters by the viewer's clock. */
function ticks_of(from, until, room) {
  const wanted = Math.max(2, Math.floor(room / 70));
  const span = [5, 10, 15, 30, 60, 120, 180, 240, 360].find((each) => minutes / each <= wanted) ?? 720;
  const first = new Date(from);
  first.setMinutes(0, 0, 0);
  if (span >= 60) first.setHours(0);
  const ticks = [];
  for (const at = first; at.getTime() <= until; at.setMinutes(at.getMinutes() + span))
    if (at.getTime() > from) ticks.push(at.getTime());
  return ticks;
}

/** One chart: its frame, its axes and its grid; `kind` draws what is in it. */
class chart {
  constructor(kind) {
    this.kind = kind;
    this.figure = make('figure', `chart ${kind.name}`);
    this.now = make('p', 'summary');
    this.readout = make('p', 'readout');
    this.readout.setAttribute('aria-hidden', 'true');
    this.picture = draw('svg', {class: 'plot', role: 'img', height: height + top + below});
    const key = make('ul', 'key');
    key.setAttribute('aria-hidden', 'true');
    for (const [name, text] of kind.key) key.append(make('li', name, text));
    const caption = make('figcaption');
    caption.append(make('h3', '', kind.title), this.now, this.readout);
    this.figure.append(caption, this.picture, key);
    $('charts').append(this.figure);
  }

  draw(range) {
    const width = Math.max(200, Math.floor(this.figure.clientWidth));
    const room = width - left - 6;
    const bars = parts_of(range, Math.min(most_bars, minutes));
    const highest = round_up(this.kind.most(bars), this.kind.steps);
    this.x = (at) => left + ((at - range.from) / (range.until - range.from)) * room;
    const y = (value) => top + height - (value / highest) * height;
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const at = y(highest * share);
      parts.push(draw('line', {class: share === 0 ? 'axis' : 'grid', x1: left, x2: left + room, y1: at, y2: at}));
      if (!this.kind.steps && !Number.isInteger(highest * share)) continue; // half a case
      parts.push(draw('text', {class: 'tick', x: left - 6, y: at + 4, 'text-anchor': 'end'}, this.kind.unit(highest * share)));
    }
    for (const at of ticks_of(range.from, range.until, room)) {
      const x = this.x(at);
      parts.push(draw('line', {class: 'axis', x1: x, x2: x, y1: top + height, y2: top + height + 4}));
      if (x < left + 16 || x > left + room - 14) continue;
      parts.push(draw('text', {class: 'tick', x, y: top + height + 16, 'text-anchor': 'middle'}, words.clock(new Date(at), new Date(at))));
    }
    if (range.points.length > 0) this.kind.draw(parts, range, bars, this.x, y);
    else parts.push(draw('text', {class: 'tick', x: left + room / 2, y: top + height / 3, 'text-anchor': 'middle'}, 'no figures yet'));
    this.cursor = draw('line', {class: 'cursor', x1: 0, x2: 0, y1: top, y2: top + height, visibility: 'hidden'});
    parts.push(this.cursor);
    this.picture.setAttribute('width', width);
    this.picture.setAttribute('viewBox', `0 0 ${width} ${height + top + below}`);
    this.picture.replaceChildren(...parts);
    const summary = range.points.length > 0 ? this.kind.summary(bars) : 'No figures yet.';
    say(this.now, summary);
    this.picture.setAttribute('aria-label', `${this.kind.title}, ${words.lasting(minutes * 60)}: ${summary} The table below has the figures.`);
    this.bars = bars;
  }

  /** Shows what the chart says for the time under the pointer, or nothing any more. */
  point_at(i) {
    const bar = this.bars?.[i];
    this.cursor?.setAttribute('visibility', bar ? 'visible' : 'hidden');
    this.figure.classList.toggle('pointed', Boolean(bar));
    if (!bar) {
      say(this.readout, '');
      return;
    }
    const x = this.x((bar.from + bar.until) / 2);
    this.cursor.setAttribute('x1', x);
    this.cursor.setAttribute('x2', x);
    say(this.readout, `${words.clock(new Date(bar.from), new Date(bar.from))}: ${bar.minutes > 0 ? this.kind.at(bar) : 'no figures'}`);
  }
}

/** Lines over the minutes of the range, interrupted where there is no value; a lone value is a dot. */
function draw_line(parts, range, name, x, y, area) {
  let run = [];
  const end = () => {
    if (run.length === 1) parts.push(draw('circle', {class: `dot ${name}`, cx: x(run[0].at), cy: y(run[0][name]), r: 2}));
    if (run.length > 1) {
      const path = run.map((each) => `${x(each.at).toFixed(1)},${y(each[name]).toFixed(1)}`).join('L');
      if (area) parts.push(draw('path', {class: `area ${name}`, d: `M${x(run[0].at).toFixed(1)},${y(0)}L${path}L${x(run.at(-1).at).toFixed(1)},${y(0)}Z`}));
      parts.push(draw('path', {class: `curve ${name}`, d: `M${path}`}));
    }
    run = [];
  };
  let before = null;
  for (const point of range.points) {
    const there = point[name] !== null && point[name] !== undefined;
    if (!there || (before !== null && point.at - before > 1.5 * range.step)) end();
    if (there) run.push(point);
    before = point.at;
  }
  end();
}

const sum = (bars, name) => bars.reduce((total, bar) => total + bar[name], 0);
const most = (bars, name) => bars.reduce((found, bar) => Math.max(found, bar[name] ?? 0), 0);
const last = (bars, name) => bars.findLast((bar) => bar[name] !== null)?.[name] ?? null;

function draw_bars(parts, range, bars, x, y) {
  for (const bar of bars) {
    const from = x(bar.from) + 0.5;
    const width = Math.max(1, x(bar.until) - x(bar.from) - 1);
    const middle = y(bar.delivered);
    if (bar.delivered > 0) parts.push(draw('rect', {class: 'column delivered', x: from, width, y: middle, height: y(0) - middle}));
    const up = y(bar.delivered + bar.failed);
    if (bar.failed > 0) parts.push(draw('rect', {class: 'column failed', x: from, width, y: Math.min(up, middle - 2), height: Math.max(2, middle - up)}));
  }
}

const per_bar = () => (minutes <= most_bars ? 'a minute' : `in ${minutes / most_bars} minutes`);

const kinds = [
  {
    name: 'throughput', title: 'Finished cases', unit: words.brief,
    key: [['delivered', 'delivered'], ['failed', 'failed']],
    most: (bars) => Math.max(1, ...bars.map((bar) => bar.delivered + bar.failed)),
    draw: draw_bars,
    summary: (bars) => `${words.count(sum(bars, 'delivered'))} delivered, ${words.count(sum(bars, 'failed'))} failed; ` +
      `at most ${words.count(Math.max(...bars.map((bar) => bar.delivered + bar.failed)))} ${per_bar()}.`,
    at: (bar) => `${words.count(bar.delivered)} delivered, ${words.count(bar.failed)} failed`,
  },
  {
    name: 'open', title: 'Open cases', unit: words.brief,
    key: [['backlog', 'not finished yet']],
    most: (bars) => Math.max(1, most(bars, 'backlog')),
    draw: (parts, range, bars, x, y) => draw_line(parts, range, 'backlog', x, y, true),
    summary: (bars) => `${words.count(last(bars, 'backlog'))} now, ${words.count(most(bars, 'backlog'))} at most.`,
    at: (bar) => `${words.count(bar.backlog)} open`,
  },
  {
    name: 'latency', title: 'From the drop to the answer', unit: words.took_briefly, steps: time_steps,
    key: [['p50_ms', 'half of the cases'], ['p95_ms', '95 % of the cases']],
    most: (bars) => Math.max(100, most(bars, 'p95_ms')),
    draw: (parts, range, bars, x, y) => {
      draw_line(parts, range, 'p95_ms', x, y, false);
      draw_line(parts, range, 'p50_ms', x, y, false);
    },
    summary: (bars) => (last(bars, 'p50_ms') === null ? 'Nothing was answered.'
      : `Lately half within ${words.took(last(bars, 'p50_ms'))}, 95 % within ${words.took(last(bars, 'p95_ms'))}.`),
    at: (bar) => (bar.p50_ms === null ? 'nothing answered' : `half within ${words.took(bar.p50_ms)}, 95 % within ${words.took(bar.p95_ms)}`),
  },
];

let charts = null;

function show_table(range) {
  const rows = parts_of(range, table_rows).reverse();
  say($('hours-caption'), `The last ${words.lasting(minutes * 60)}, times are yours; durations are those of the slowest minute`);
  keep($('hours-rows'), rows, (row) => row.until, () => {
    const line = make('tr');
    const head = make('th');
    head.scope = 'row';
    line.append(head, ...Array.from({length: 6}, () => make('td')));
    return line;
  }, (line, row) => {
    const until = new Date(row.until);
    const counted = (n) => (row.minutes > 0 ? words.count(n) : '–');
    const texts = [words.clock(until), counted(row.delivered), counted(row.failed), counted(row.submitted),
      words.count(row.backlog ?? NaN), words.took(row.p50_ms ?? NaN), words.took(row.p95_ms ?? NaN)];
    line.cells[0].title = words.in_utc(until);
    texts.forEach((text, i) => say(line.cells[i], text));
  });
}

let drawn = null;

/** Draws all of it anew: each minute, for another range, another width. */
export function draw_hours(history) {
  if (!charts) {
    charts = kinds.map((kind) => new chart(kind));
    charts.forEach((each) => {
      each.picture.addEventListener('pointermove', (event) => {
        const box = each.picture.getBoundingClientRect();
        const share = (event.clientX - box.left - left) / (box.width - left - 6);
        const i = share < 0 || share > 1 ? -1 : Math.min(each.bars.length - 1, Math.floor(share * each.bars.length));
        charts.forEach((other) => other.point_at(i));
      });
      each.picture.addEventListener('pointerleave', () => charts.forEach((other) => other.point_at(-1)));
    });
    new ResizeObserver(() => requestAnimationFrame(() => draw_hours(drawn))).observe($('charts'));
  }
  drawn = history;
  const range = points_of(history);
  charts.forEach((each) => each.draw(range));
  show_table(range);
}

/** Calls `changed` when the viewer chose another range. */
export function on_range(changed) {
  for (const input of document.querySelectorAll('input[name=range]')) {
    if (input.checked) minutes = Number(input.value); // a browser keeps the choice over a reload
    input.addEventListener('change', () => {
      minutes = Number(input.value);
      changed();
    });
  }
}
