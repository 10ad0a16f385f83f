import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../support/application.js';

const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

const DOCUMENTED: readonly string[] = VARIABLES;
const SECRET = /SECRET|PASSWORD|TOKEN|CLIENT_ID/;

describe('What the sample is deployed with', () => {
  it('manifest.yml sets documented variables, and no secret', async () => {
    const [, settings = ''] = (await read('sample/manifest.yml')).split(/^ +env:$/m);
    const names = [...settings.matchAll(/^ +([A-Z_]+):/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !DOCUMENTED.includes(name) || SECRET.test(name))).toEqual([]);
  });

  it('manifest.yml and Dockerfile start what is bundled, and ask its health endpoint', async () => {
    const [manifest, dockerfile] = await Promise.all([read('sample/manifest.yml'), read('sample/Dockerfile')]);
    expect(manifest).toContain('command: node dist/main.js');
    expect(manifest).toContain('health-check-http-endpoint: /health\n');
    expect(dockerfile).toContain('CMD ["node", "dist/main.js"]');
    expect(dockerfile).toContain('/health`');
  });

  it('the image runs as nobody special, in production, and holds no variable of ours', async () => {
    const [, final = ''] = (await read('sample/Dockerfile')).split(/^FROM .+ AS build$/m)[1]!.split(/^FROM /m);
    expect(final).toMatch(/^ENV NODE_ENV=production$/m);
    expect(final.indexOf('USER node')).toBeLessThan(final.indexOf('CMD ["node"'));
    expect(final).not.toMatch(/MDSP_|MINDSPHERE_|\bARG\b/);
    const sent = (await read('sample/Dockerfile.dockerignore')).split('\n').filter((line) => /^[^#]/.test(line));
    expect(sent[0]).toBe('*');
    expect(sent.join('\n')).not.toContain('.env');
  });

  it('the guide names the variables that a deployed application is given', async () => {
    const guide = await read('docs/deployment.md');
    for (const name of VARIABLES.filter((variable) => !/SUB_TENANT|VCAP/.test(variable))) expect(guide).toContain(name);
  });
});
