// The page's part about re-verification tickets: there while there is one, or one has ended lately.

import {$, keep, make, say, set} from './dom.js';
import * as words from './words.js';
import * as tickets from './ticket_words.js';

/** More than anybody reads; kycd status has them all. */
const most_shown = 12;

function card() {
  const item = make('li', 'ticket');
  const head = make('h3');
  head.append(make('span', 'ticket-name'), make('span', 'ticket-state'));
  const bar = make('div', 'progress');
  set(bar, 'role', 'progressbar');
  set(bar, 'aria-valuemin', '0');
  const row = make('p', 'done');
  item.append(head, row, bar, make('ul', 'balance'), make('p', 'why'), make('p', 'todo'), make('p', 'facts'));
  return item;
}

function fill_bar(bar, ticket, all) {
  const {done, selected} = tickets.done_of(ticket);
  set(bar, 'aria-label', `Cases done of ticket ${words.plain(ticket.name ?? '')}`);
  set(bar, 'aria-valuemax', String(Math.max(1, selected)));
  set(bar, 'aria-valuenow', String(done));
  set(bar, 'aria-valuetext', tickets.done_words(ticket));
  const total = all.reduce((sum, each) => sum + each.cases, 0) || 1;
  keep(bar, all.filter((each) => each.id !== 'to-do'), (each) => each.id, (each) => make('span', `part ${each.id}`), (part, each) => {
    part.style.width = `${(100 * each.cases) / total}%`;
    part.hidden = each.cases === 0; // or the least width of a part would show it
  });
}

function show_open(list, now) {
  keep($('tickets'), list, (each) => String(each.name), card, (item, each) => {
    const part = (selector) => item.querySelector(selector);
    const told = tickets.told(each, now);
    const all = tickets.parts(each);
    set(item, 'data-mood', told.mood);
    say(part('.ticket-name'), each.name ?? '');
    say(part('.ticket-state'), told.state);
    say(part('.done'), tickets.done_words(each));
    fill_bar(part('.progress'), each, all);
    keep(part('.balance'), all.filter((one) => one.cases > 0), (one) => one.id, (one) => make('li', one.id),
      (line, one) => say(line, `${words.brief(one.cases)} ${one.words}`));
    for (const line of ['why', 'todo', 'facts']) {
      say(part(`.${line}`), told[line]);
      part(`.${line}`).hidden = told[line] === '';
    }
  });
}

function show_ended(list) {
  $('tickets-ended-part').hidden = list.length === 0;
  keep($('tickets-ended'), list, (each) => `${each.name} ${each.ended_at}`, () => {
    const item = make('li');
    const head = make('p', 'line');
    head.append(make('span', 'ticket-name'), make('span', 'ticket-state'), make('time'));
    item.append(head, make('p', 'balance-line'), make('p', 'why'));
    return item;
  }, (item, each) => {
    const part = (selector) => item.querySelector(selector);
    const told = tickets.ended(each);
    set(item, 'data-mood', told.mood);
    say(part('.ticket-name'), each.name ?? '');
    say(part('.ticket-state'), told.how);
    say(part('time'), words.clock(told.at));
    set(part('time'), 'datetime', told.at ? told.at.toISOString() : '');
    set(part('time'), 'title', words.in_utc(told.at));
    say(part('.balance-line'), `${told.balance} · ${told.calls}`);
    say(part('.why'), told.why);
    part('.why').hidden = told.why === '';
  });
}

/** `age`: of the document, in seconds. */
export function show_tickets(doc, age) {
  const open = doc.tickets ?? [];
  const ended = doc.ended_tickets ?? [];
  $('tickets-part').hidden = open.length === 0 && ended.length === 0;
  const now = new Date((words.moment_of(doc.now) ?? new Date()).getTime() + age * 1000);
  show_open(open.slice(0, most_shown), now);
  $('tickets-more').hidden = open.length <= most_shown;
  say($('tickets-more'), open.length > most_shown ? `And ${words.count(open.length - most_shown)} more: “kycd status” shows them.` : '');
  show_ended(ended);
}
