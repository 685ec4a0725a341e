// A sandbox for the API, a spool, a configuration and a real kycd, in a temporary folder; ends with close().
import {execFile, spawn} from 'node:child_process';
import {appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {request} from 'node:https';
import {setTimeout as pause} from 'node:timers/promises';
import {promisify} from 'node:util';

const run = promisify(execFile);
const support = new URL('../support/', import.meta.url).pathname;

/** The first true value of `condition`; fails with `what` when there is none in time. */
export async function until(condition, what, seconds = 30) {
  const ends = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > ends) throw new Error(`waited ${seconds} s for ${what}`);
    await pause(25);
  }
}

async function free_port() {
  const server = createServer();
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const {port} = server.address();
  await new Promise((done) => { server.close(done); });
  return port;
}

const there = (file) => readFile(file).then(() => true, () => false);

class world {
  constructor(root) {
    this.root = root;
    this.inbox = join(root, 'spool/inbox');
    this.config = join(root, 'kycd.yaml');
    this.dropped = 0;
  }

  async start_sandbox() {
    const state = join(this.root, 'sandbox');
    this.sandbox = spawn(process.env.KYCD_SANDBOX, ['--state', state, '--exit-with-parent', '--answer-after', '200ms'], {stdio: 'ignore'});
    await until(() => there(join(state, 'ready.json')), 'the sandbox');
    this.ready = JSON.parse(await readFile(join(state, 'ready.json'), 'utf8'));
    this.ca = await readFile(join(state, 'ca.pem'));
  }

  /** A control call of the sandbox, see docs/sandbox.md. */
  control(name, body) {
    return new Promise((done, failed) => {
      const call = request({host: 'localhost', port: this.ready.port, path: `/sandbox/${name}`, method: 'POST', ca: this.ca}, (reply) => {
        reply.resume();
        reply.on('end', () => (reply.statusCode === 200 ? done() : failed(new Error(`sandbox ${name}: ${reply.statusCode}`))));
      });
      call.on('error', failed);
      call.end(JSON.stringify(body));
    });
  }

  async configure() {
    this.port = await free_port();
    this.address = `http://127.0.0.1:${this.port}`;
    await writeFile(join(this.root, 'password'), 'demo\n', {mode: 0o600});
    await writeFile(this.config, JSON.stringify({
      spool: join(this.root, 'spool'), ledger: join(this.root, 'ledger.db'),
      api: {base_url: `https://localhost:${this.ready.port}/api/v3`, ca_file: join(this.root, 'sandbox/ca.pem'),
        credentials: {username: 'demo', password: `file:${join(this.root, 'password')}`}},
      intake: {settle: '100ms'}, poll: {first: '100ms', min: '100ms', max: '400ms'}, retry: {base: '100ms', max: '1s'},
      limits: {uploads: 2}, admin: {listen: `127.0.0.1:${this.port}`},
    }));
    await run('/usr/bin/python3', ['-c',
      'import sys; sys.path.insert(0, sys.argv[1]); import make_images as m; ' +
      'open(sys.argv[2], "wb").write(m.jpeg(m.draw("face", (640, 480), "face", noise=4), 0, 60000))', support, join(this.root, 'face.jpg')]);
    this.face = await readFile(join(this.root, 'face.jpg'));
  }

  /** Renames a case of face_liveness into the inbox, whole. */
  async drop(name, bytes = this.face) {
    const made = join(this.root, `made-${this.dropped++}`);
    await mkdir(made);
    await writeFile(join(made, 'image.jpg'), bytes);
    await mkdir(join(this.inbox, 'face_liveness'), {recursive: true});
    await rename(made, join(this.inbox, 'face_liveness', name));
  }

  /** Drops a re-verification ticket of this name. */
  async drop_ticket(name, text) {
    const made = join(this.root, `made-${this.dropped++}`);
    await writeFile(made, text);
    await mkdir(join(this.inbox, 'reverify'), {recursive: true});
    await rename(made, join(this.inbox, 'reverify', `${name}.yaml`));
  }

  /** As kycd reverify cancel does it, paused or not. */
  async cancel_ticket(name) {
    const folder = join(this.inbox, 'reverify');
    const file = (await readdir(folder)).find((each) => [`${name}.yaml`, `${name}.yaml.paused`].includes(each));
    await rename(join(folder, file), join(folder, `${name}.yaml.cancelled`));
  }

  /** A picture for which the sandbox gives this answer. */
  picture(answer) {
    return Buffer.concat([this.face, Buffer.from(`kycd-sandbox:${answer}`)]);
  }

  async start_kycd() {
    const log = join(this.root, 'kycd.log');
    await appendFile(log, '');
    this.kycd = spawn('/bin/sh', ['-c', 'exec "$0" "$@" 2>>"$LOG"', process.env.KYCD, 'run', '--config', this.config],
      {stdio: 'ignore', env: {...process.env, LOG: log}});
    await until(async () => {
      if (this.kycd.exitCode !== null) throw new Error(`kycd ended: ${await readFile(log, 'utf8')}`);
      return fetch(`${this.address}/livez`).then((reply) => reply.ok, () => false);
    }, 'kycd on its admin listener');
  }

  async stop_kycd(signal = 'SIGTERM') {
    if (!this.kycd || this.kycd.exitCode !== null || this.kycd.signalCode !== null) return;
    const ended = new Promise((done) => { this.kycd.once('exit', done); });
    this.kycd.kill(signal);
    await ended;
  }

  /** Runs a command of kycd to its end; what it printed. */
  async command(...words) {
    const {stdout} = await run(process.env.KYCD, [...words, '--config', this.config], {maxBuffer: 1 << 26}).catch((error) => {
      if (typeof error.code === 'number' && error.stdout) return error; // some cases have failed
      throw error;
    });
    return stdout;
  }

  async close() {
    await this.stop_kycd('SIGKILL');
    this.sandbox?.kill('SIGKILL');
    await rm(this.root, {recursive: true, force: true});
  }
}

export async function make_world() {
  const made = new world(await mkdtemp(join(tmpdir(), 'kycd-page-')));
  try {
    await mkdir(made.inbox, {recursive: true});
    await made.start_sandbox();
    await made.configure();
  } catch (error) {
    await made.close();
    throw error;
  }
  return made;
}
