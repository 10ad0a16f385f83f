import { readFile } from 'node:fs/promises';
import type { MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';

declare const keyStoreClientId: string;

export const options: MindsphereCredentialsModuleOptions = {
  // <block>
};
