/*
 * An application with every log level on, for a process with `DEBUG=*`: good answers, faults, refused users, the end.
 * What it prints is searched for secrets; the tokens to search for are told in hexadecimal, which no leak would be.
 */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const source = (name) => fileURLToPath(new URL(name, import.meta.url));
const { module } = await runnerImport(source('./child-application.ts'), {
  configFile: false,
  logLevel: 'error',
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: {
    alias: {
      'nestjs-mindsphere-credentials/testing': source('../../../lib/testing/index.ts'),
      'nestjs-mindsphere-credentials': source('../../../lib/index.ts'),
    },
  },
});
await module.runApplication(process.argv.includes('--canary'));
