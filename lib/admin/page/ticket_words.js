// What the page says of re-verification tickets, made from `tickets` and `ended_tickets` of the status document. Nothing here touches
// the page.

import {about, brief, cases, clock, count, lasting, moment_of} from './words.js';

const number = (n) => (Number.isFinite(n) && n > 0 ? n : 0);

const state_words = {
  selecting: 'Being taken in',
  running: 'Running',
  waiting: 'Waits for its window',
  held_up: 'Held up',
  paused: 'Paused',
  ending: 'Ending',
};

/** How a ticket that has ended did so. */
const how_words = {
  done: 'All done',
  cancelled: 'Cancelled',
  stop_if: 'Stopped by its own limit',
  budget: 'Its calls are spent',
  window: 'Ended with its window',
  unreadable: 'Could not be read any more',
};

/** Paused by kycd itself, so that somebody has to decide. */
export const needs_a_person = (ticket) => ticket.state === 'paused' && ['canaries', 'ledger'].includes(ticket.paused_by);

/** The parts of a ticket's bar, in their order; together they are what was selected. */
export function parts(ticket) {
  const not_done = number(ticket.not_done);
  const in_hand = Math.min(not_done, number(ticket.in_hand));
  return [
    {id: 'unchanged', words: 'unchanged', cases: number(ticket.unchanged)},
    {id: 'changed', words: 'changed', cases: number(ticket.changed)},
    {id: 'failed', words: 'failed', cases: number(ticket.failed)},
    {id: 'skipped', words: 'not sent', cases: number(ticket.skipped)},
    {id: 'in-hand', words: 'on their way', cases: in_hand},
    {id: 'to-do', words: ticket.ended_at ? 'not done' : 'to be done', cases: not_done - in_hand},
  ];
}

/** How much of it is done: cases, of how many, and in whole percent, which are 100 only when all is done. */
export function done_of(ticket) {
  const selected = number(ticket.selected);
  const done = Math.max(0, selected - number(ticket.not_done));
  const share = selected === 0 ? 0 : done / selected;
  return {done, selected, percent: done < selected ? Math.min(99, Math.floor(share * 100)) : selected > 0 ? 100 : 0};
}

/** Names keep their small letter. */
const sentence = (text) => (/^(kycd\b|\S*_)/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));

/** A moment, and how far off it is: "06:00, in 7 h 2 min". */
function moment_words(at, now) {
  const left = (at - now) / 1000;
  return left >= 1 ? `${clock(at, now)}, in ${lasting(left)}` : 'now';
}

function forecast_words(ticket, closes, now) {
  const left = ticket.forecast_seconds;
  if (!Number.isFinite(left) || ticket.state !== 'running') return '';
  if (closes && now.getTime() + left * 1000 > closes.getTime())
    return `It needs ${about(left)} more, longer than its window is open`;
  return `Done in ${about(left)}`;
}

const todos = {
  canaries: 'Its report in the outbox shows what differs. If that is fine, “kycd reverify resume” lets it go on; if not, “kycd reverify cancel” ends it.',
  ledger: 'Compare its report with the vendor’s bill. “kycd reverify resume” lets it go on, and may pay for some cases once more; “kycd reverify cancel” ends it.',
};

/** All that is said of one ticket. `now`: of the document, moved on by the document's age. */
export function told(ticket, now) {
  const at = moment_of(ticket.next_event?.at);
  const what = ticket.next_event?.what;
  const closes = what === 'window_closes' ? at : null;
  const why = ticket.why ? [sentence(ticket.why)] : [];
  if (at && what === 'window_opens') why.push(`goes on at ${moment_words(at, now)}`);
  if (at && what === 'next_try') why.push(at - now >= 1000 ? `next try in ${lasting((at - now) / 1000)}` : 'trying now');
  const facts = [];
  const forecast = forecast_words(ticket, closes, now);
  if (forecast) facts.push(forecast);
  if (closes) facts.push(`Its window closes at ${moment_words(closes, now)}`);
  if (number(ticket.selected) > 0) facts.push(`${count(number(ticket.calls))} paid ${ticket.calls === 1 ? 'call' : 'calls'}`);
  const person = needs_a_person(ticket);
  return {
    state: person ? 'Paused by kycd' : state_words[ticket.state] ?? String(ticket.state ?? '').replaceAll('_', ' '),
    mood: person ? 'worry' : ticket.state === 'running' ? 'well' : ticket.state === 'held_up' ? 'slow' : 'quiet',
    why: why.join('; '),
    todo: person ? `What to do: ${todos[ticket.paused_by]}` : '',
    facts: facts.join(' · '),
  };
}

/** "1,240 of 5,000 cases, 24 %" */
export function done_words(ticket) {
  const {done, selected, percent} = done_of(ticket);
  return selected === 0 ? 'No case yet' : `${count(done)} of ${cases(selected)}, ${percent}\u00a0%`;
}

/** "310 unchanged, 21 changed, 4,669 to be done"; parts that are nothing are left out. */
export const balance_words = (ticket) =>
  parts(ticket).filter((each) => each.cases > 0).map((each) => `${brief(each.cases)} ${each.words}`).join(', ');

/** What is said of one that has ended. */
export const ended = (ticket) => ({
  how: how_words[ticket.how] ?? String(ticket.how ?? '').replaceAll('_', ' '),
  mood: ['stop_if', 'unreadable'].includes(ticket.how) ? 'worry' : 'quiet',
  why: ['stop_if', 'cancelled', 'budget', 'unreadable'].includes(ticket.how) && ticket.why ? sentence(ticket.why) : '',
  balance: balance_words(ticket) || 'No case',
  calls: `${count(number(ticket.calls))} paid ${ticket.calls === 1 ? 'call' : 'calls'}`,
  at: moment_of(ticket.ended_at),
});
