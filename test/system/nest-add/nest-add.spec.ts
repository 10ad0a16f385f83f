import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { isFullLength } from '../../support/length.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const NAME = 'nestjs-mindsphere-credentials';

/** A new application as the Nest CLI makes it, whose node_modules has this package as it is installed. */
async function newApplication(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'nest-add-'));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  await nest(place, ['new', 'app', '--skip-install', '--skip-git', '--package-manager', 'npm']);
  const modules = join(place, 'app', 'node_modules');
  await mkdir(modules);
  for (const name of await readdir(join(root, 'node_modules'))) {
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  const installed = join(modules, NAME);
  await rm(installed, { force: true });
  await cp(dirname(builtLibrary()), installed, { recursive: true });
  await cp(join(root, 'schematics'), join(installed, 'schematics'), { recursive: true });
  return join(place, 'app');
}

const nest = (cwd: string, args: string[]) =>
  run(process.execPath, [join(root, 'node_modules/@nestjs/cli/bin/nest.js'), ...args], { cwd });

// Short: test/cli/nest-add has it with files in memory.
describe.runIf(isFullLength)('nest add, by the Nest CLI', () => {
  it('registers the module, and the application compiles', async () => {
    const application = await newApplication();
    await nest(application, ['add', NAME, '--skip-install', '--guard']);
    const module = await readFile(join(application, 'src', 'app.module.ts'), 'utf8');
    expect(module).toContain('imports: [MindsphereCredentialsModule.forRoot({ isGlobal: true })]');
    expect(module).toContain('useExisting: UserTokenGuard');
    // The rest of what the CLI made wants packages that are not installed here.
    const sources = { extends: './tsconfig.json', include: ['src'], exclude: ['**/*.spec.ts'] };
    await writeFile(join(application, 'tsconfig.src.json'), JSON.stringify(sources));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await expect(
      run(process.execPath, [compiler, '--noEmit', '-p', 'tsconfig.src.json'], { cwd: application }),
    ).resolves.toBeDefined();
  });
});
