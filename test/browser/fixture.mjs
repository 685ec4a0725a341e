// Serves the page's files as kycd's admin listener does, with documents that a test makes: for states that are hard to bring
// about with a real kycd.
import {createServer} from 'node:http';
import {readFile} from 'node:fs/promises';

const folder = new URL('../../lib/admin/page/', import.meta.url);
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types = {html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8'};

/** A listener on a free port of loopback. `status` and `history` may be changed at any time; send() tells them at once. */
export async function serve(status, history) {
  const streams = new Set();
  const self = {status, history, events: true};
  const event = (name, value) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
  self.send = () => { for (const each of streams) each.write(event('status', self.status)); };
  const server = createServer(async (request, reply) => {
    const headers = {'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store'};
    const json = (value) => reply.writeHead(200, {...headers, 'Content-Type': 'application/json'}).end(JSON.stringify(value));
    if (request.url === '/status.json') return json(self.status);
    if (request.url === '/history.json') return json(self.history);
    if (request.url === '/events') {
      if (!self.events) return reply.writeHead(503, headers).end();
      reply.writeHead(200, {...headers, 'Content-Type': 'text/event-stream'}).write(event('status', self.status));
      streams.add(reply);
      request.on('close', () => streams.delete(reply));
      return undefined;
    }
    const name = request.url === '/' ? 'index.html' : request.url.slice(1);
    if (!/^[a-z_]+\.(html|css|js)$/.test(name)) return reply.writeHead(404, headers).end();
    return reply.writeHead(200, {...headers, 'Content-Type': types[name.split('.').at(-1)]}).end(await readFile(new URL(name, folder)));
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const beat = setInterval(() => self.send(), 1000);
  /** From now on the streams stay open and say nothing. */
  self.pause = () => clearInterval(beat);
  self.address = `http://127.0.0.1:${server.address().port}`;
  self.stop = () => {
    clearInterval(beat);
    server.closeAllConnections();
    return new Promise((done) => { server.close(done); });
  };
  return self;
}
