import { describe, expect, it } from 'vitest';
import { nestAdd, type NestAddOptions, type Tree } from '../../../lib/cli/nest-add/nest-add.js';

/** What `nest new` writes (@nestjs/schematics 11; 12 adds `.js` to the paths). */
const generated = (extension: string) => `import { Module } from '@nestjs/common';
import { AppController } from './app.controller${extension}';
import { AppService } from './app.service${extension}';

@Module({
  imports: [],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
`;

class MemoryTree implements Tree {
  constructor(readonly files: Record<string, string>) {}
  exists = (path: string) => path in this.files;
  readText = (path: string) => this.files[path] ?? '';
  create = (path: string, content: string) => void (this.files[path] = content);
  overwrite = this.create;
}

function added(files: Record<string, string>, options?: NestAddOptions) {
  const tree = new MemoryTree({ ...files });
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  nestAdd(options)(tree, { logger: { info: log, warn: log } });
  return { files: tree.files, logged };
}

describe('nest add nestjs-mindsphere-credentials', () => {
  it.each([
    ['Nest 11', ''],
    ['Nest 12', '.js'],
  ])('registers the module in an application of %s', (_version, extension) => {
    const { files } = added({ 'src/app.module.ts': generated(extension) });
    expect(files['src/app.module.ts']).toBe(
      generated(extension)
        .replace('imports: []', 'imports: [MindsphereCredentialsModule.forRoot({ isGlobal: true })]')
        .replace(
          '\n\n@Module',
          "\nimport { MindsphereCredentialsModule } from 'nestjs-mindsphere-credentials';\n\n@Module",
        ),
    );
    expect(files['.env.example']).toContain('MDSP_KEY_STORE_CLIENT_ID=\n');
  });

  it('guards all routes on request', () => {
    const { files } = added({ 'src/app.module.ts': generated('.js') }, { guard: true });
    const module = files['src/app.module.ts'];
    expect(module).toContain('providers: [{ provide: APP_GUARD, useExisting: UserTokenGuard }, AppService]');
    expect(module).toContain(
      "import { MindsphereCredentialsModule, UserTokenGuard } from 'nestjs-mindsphere-credentials';",
    );
    expect(module).toContain("import { APP_GUARD } from '@nestjs/core';");
  });

  it('changes nothing a second time', () => {
    const { files } = added({ 'src/app.module.ts': generated('') }, { guard: true });
    expect(added(files, { guard: true }).files).toEqual(files);
  });

  it('keeps other modules and other variables, and makes a list that is missing', () => {
    const { files } = added(
      {
        'apps/web/app.module.ts': '@Module({ imports: [OtherModule] })\nexport class AppModule {}\n',
        '.env.example': 'OTHER=1\n',
      },
      { sourceRoot: 'apps/web', guard: true },
    );
    expect(files['apps/web/app.module.ts']).toContain(
      'imports: [MindsphereCredentialsModule.forRoot({ isGlobal: true }), OtherModule]',
    );
    expect(files['apps/web/app.module.ts']).toContain(
      'providers: [{ provide: APP_GUARD, useExisting: UserTokenGuard }]',
    );
    expect(files['.env.example']).toMatch(/^OTHER=1\n\n# nestjs/);
  });

  it('imports nothing twice', () => {
    const core = `import {\n  APP_FILTER,\n  APP_GUARD,\n} from "@nestjs/core"`;
    const { files } = added({ 'src/app.module.ts': `${core}\n${generated('')}` }, { guard: true });
    expect(files['src/app.module.ts']?.match(/APP_GUARD/g)).toHaveLength(2);
    expect(files['src/app.module.ts']).toContain('@nestjs/core');
  });

  it.each(['imports: OTHERS', 'imports', 'imports, providers: []'])(
    'leaves a module with { %s } to its author',
    (list) => {
      const source = `@Module({ ${list} })\nexport class AppModule {}\n`;
      const { files, logged } = added({ 'src/app.module.ts': source });
      expect(files['src/app.module.ts']).toBe(source);
      expect(logged.join('\n')).toContain('MindsphereCredentialsModule.forRoot({ isGlobal: true })');
    },
  );

  it('says what to do where there is no root module', () => {
    expect(added({}).logged.join('\n')).toContain('MindsphereCredentialsModule.forRoot({ isGlobal: true })');
  });
});
