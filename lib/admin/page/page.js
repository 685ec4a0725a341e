// The status page's beginning: it asks kycd for its figures, keeps them coming, and says when they stop.
// Read-only. What kycd sends is data: it reaches the page as text (textContent), never as markup.

import {announce, show_link, show_lost, show_status} from './view.js';
import {draw_hours, on_range} from './charts.js';

/** kycd sends its status every second: silence for so long, and the connection is taken for lost. */
const silence_ms = 5000;
/** Without server-sent events, status.json is asked for this often. */
const ask_every_ms = 5000;
/** Between two tries to open the event stream: the first soon, for a restart takes a second or two. */
const open_again_ms = [500, 1000, 2000, 5000];

const now_ms = () => performance.now();

const state = {
  status: null,
  history: null,
  received: 0, // now_ms() of the last status
  heard: 0, // now_ms() of the last sign of life of the event stream
  source: null,
  tries: 0,
  opening: null, // the timer of the next try
  asking: false,
  asked: 0,
  failed: false, // whether the last thing tried went wrong
  version: null,
};

function draw() {
  if (document.hidden) return;
  const age = state.status ? (now_ms() - state.received) / 1000 : null;
  const lost = state.failed || (age !== null && age * 1000 > silence_ms + 1000);
  show_link(lost ? 'lost' : state.status === null ? 'opening' : state.source ? 'live' : 'asking');
  show_lost(lost, age);
  if (state.status) show_status(state.status, lost ? null : age);
}

function take_status(text) {
  const status = JSON.parse(text);
  if (state.version !== null && status.version !== state.version) location.reload(); // this page is another kycd's
  state.version = status.version ?? '';
  if (state.failed) announce('Connected to kycd again.');
  state.status = status;
  state.received = now_ms();
  state.failed = false;
  draw();
}

function take_history(text) {
  state.history = JSON.parse(text);
  draw_hours(state.history);
}

async function ask_for(path) {
  const reply = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(ask_every_ms)});
  if (!reply.ok) throw new Error(`${path}: HTTP ${reply.status}`);
  return reply.text();
}

async function ask_for_history() {
  try {
    take_history(await ask_for('/history.json'));
  } catch {
    // The banner tells whether kycd is gone; without a history the charts stay as they are.
  }
}

/** While there is no event stream. */
async function ask_for_status() {
  if (state.asking) return;
  state.asking = true;
  state.asked = now_ms();
  try {
    take_status(await ask_for('/status.json'));
  } catch {
    if (!state.failed && state.status) announce('The connection to kycd is lost. Trying again.');
    state.failed = true;
    draw();
  }
  state.asking = false;
}

function close_stream() {
  state.source?.close();
  state.source = null;
}

function open_again() {
  close_stream();
  if (state.opening !== null) return;
  const wait = open_again_ms[Math.min(state.tries++, open_again_ms.length - 1)];
  state.opening = setTimeout(() => {
    state.opening = null;
    open_stream();
  }, wait);
}

function open_stream() {
  close_stream();
  const source = new EventSource('/events');
  state.source = source;
  state.heard = now_ms();
  const listen = (name, take) => source.addEventListener(name, (event) => {
    if (source !== state.source) return;
    state.heard = now_ms();
    state.tries = 0;
    take(event.data);
  });
  listen('status', take_status);
  listen('history', take_history);
  source.addEventListener('open', () => { state.heard = now_ms(); ask_for_history(); });
  source.addEventListener('error', () => {
    if (source !== state.source) return;
    open_again();
    ask_for_status();
  });
}

/** Once a second: counts down, and notices what no event tells (a machine that slept, a connection that hangs). */
function tick() {
  if (state.source && now_ms() - state.heard > silence_ms) open_again();
  if (!state.source && now_ms() - state.asked >= ask_every_ms) ask_for_status();
  draw();
}

function at_once() {
  if (document.hidden) return;
  state.tries = 0;
  if (!state.source) open_again();
  draw();
}

const themes = ['automatic', 'light', 'dark'];

function stored_theme() {
  try {
    const found = localStorage.getItem('kycd-theme');
    return themes.includes(found) ? found : 'automatic';
  } catch {
    return 'automatic'; // storage is switched off
  }
}

function set_theme(theme) {
  document.documentElement.dataset.theme = theme;
  document.getElementById('theme').textContent = `Colours: ${theme}`;
}

function next_theme() {
  const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
  set_theme(next);
  try {
    localStorage.setItem('kycd-theme', next);
  } catch {
    // Then it lasts for this visit.
  }
}

set_theme(stored_theme());
document.getElementById('theme').hidden = false;
document.getElementById('theme').addEventListener('click', next_theme);
document.addEventListener('visibilitychange', at_once);
window.addEventListener('online', at_once);
window.addEventListener('pagehide', close_stream);
window.addEventListener('pageshow', (event) => { if (event.persisted) open_stream(); });
on_range(() => { if (state.history) draw_hours(state.history); });
open_stream();
setInterval(tick, 1000);
