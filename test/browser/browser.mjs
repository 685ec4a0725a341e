// Debian's Chromium, driven by playwright-core, with nothing that would call home, and all that a page complains about.
import {mkdtemp, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

// The packages lie in the build folder, where nothing of this one's is looked for.
const packages = createRequire(join(process.env.KYCD_NODE_PACKAGES, 'package.json'));
const {chromium} = packages('playwright-core');
const axe_file = packages.resolve('axe-core/axe.min.js');

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--force-color-profile=srgb'];

export async function launch() {
  const profile = await mkdtemp(join(tmpdir(), 'kycd-browser-'));
  const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const context = await chromium.launchPersistentContext(profile, {executablePath: program, args: flags, bypassCSP: false,
    viewport: {width: 1200, height: 900}, locale: 'en-GB', timezoneId: 'Europe/Oslo'});
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, {recursive: true, force: true});
    },
  };
}

/** Opens a page; `said` collects what its console complains of, and what its policy refuses. */
export async function open(browser, address, {width = 1200, height = 900, colours = 'light', media = null, reduced = 'reduce'} = {}) {
  const page = await browser.context.newPage();
  const said = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) said.push(message.text()); });
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('requestfailed', (request) => {
    if (!request.url().endsWith('/events')) said.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.setViewportSize({width, height});
  await page.emulateMedia({colorScheme: colours, media, reducedMotion: reduced});
  await page.goto(address);
  return {page, said};
}

/** What axe-core finds; run in a world of its own, as the page's policy forbids other scripts. */
export async function axe(page) {
  const session = await page.context().newCDPSession(page);
  const {readFile} = await import('node:fs/promises');
  const source = await readFile(axe_file, 'utf8');
  const {frameTree} = await session.send('Page.getFrameTree');
  const {executionContextId: contextId} = await session.send('Page.createIsolatedWorld', {frameId: frameTree.frame.id, worldName: 'axe'});
  await session.send('Runtime.evaluate', {contextId, expression: source});
  const expression = "axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(found.violations.map((each) => " +
    "({id: each.id, impact: each.impact, help: each.help, nodes: each.nodes.map((node) => node.html + ' ' + (node.failureSummary || ''))}))))";
  const {result, exceptionDetails} = await session.send('Runtime.evaluate', {contextId, expression, awaitPromise: true});
  await session.detach();
  if (exceptionDetails) throw new Error(`axe-core: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return JSON.parse(result.value);
}
