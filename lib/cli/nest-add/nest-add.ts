import { PLATFORMS } from '../../platform/platforms.js';
import { MINDSPHERE as EMULATED } from '../../testing/emulator/platforms/mindsphere.profile.js';
import { guarded, registered } from './root-module.js';

/** The part of a schematic's tree of files that is used here. Schematics are run by the Nest CLI, which brings the rest. */
export interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
}

/** Options of `nest add nestjs-mindsphere-credentials`. */
export interface NestAddOptions {
  /** The folder of the application's sources. Default `src`. */
  readonly sourceRoot?: string;
  /** Whether all routes are guarded. Default `false`. */
  readonly guard?: boolean;
}

interface SchematicContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

const ENV_EXAMPLE = '.env.example';
const ENV_MARK = '# nestjs-mindsphere-credentials';

const VARIABLES = `${ENV_MARK}: https://www.npmjs.com/package/nestjs-mindsphere-credentials
# Copy this file to .env, and start with "node --env-file=.env dist/main.js", or load it with @nestjs/config.
# Region; a deployed application finds it in its environment
HOST_ENVIRONMENT=${PLATFORMS.mindsphere.hosts.defaultRegion}
# The app, as Developer Cockpit or Operator Cockpit shows it
MDSP_OS_VM_APP_NAME=myapp
MDSP_OS_VM_APP_VERSION=1.0.0
# App credentials: technical tokens for the tenant of each user
MDSP_KEY_STORE_CLIENT_ID=
MDSP_KEY_STORE_CLIENT_SECRET=
# Tenant credentials: technical tokens for one tenant
MINDSPHERE_CLIENT_ID=
MINDSPHERE_CLIENT_SECRET=
MINDSPHERE_TENANT=
# Only for the emulated platform of "npx mindsphere-emulator"
# MINDSPHERE_GATEWAY_URL=http://127.0.0.1:3001
# MINDSPHERE_OAUTH_URL=http://127.0.0.1:3001${EMULATED.oauthPath}/{tenant}
`;

/** Registers the module in `app.module.ts`, and lists the variables in `.env.example`. Changes nothing a second time. */
export function nestAdd({ sourceRoot = 'src', guard = false }: NestAddOptions = {}) {
  return (tree: Tree, { logger }: SchematicContext): Tree => {
    const path = `${sourceRoot}/app.module.ts`;
    const before = tree.exists(path) ? tree.readText(path) : undefined;
    const after = before === undefined ? undefined : withModule(before, guard);
    if (after === undefined) {
      logger.warn(
        `${path} was left as it is: no @Module({ … }) was found there, or its lists are no literals. Add MindsphereCredentialsModule.forRoot({ isGlobal: true }) to the imports of your root module.`,
      );
    } else if (after !== before) {
      tree.overwrite(path, after);
    }
    addVariables(tree);
    logger.info('Set the variables of .env.example; `npx mindsphere-credentials doctor` checks them.');
    return tree;
  };
}

function withModule(source: string, guard: boolean): string | undefined {
  const module = registered(source);
  return module === undefined || !guard ? module : guarded(module);
}

function addVariables(tree: Tree): void {
  if (!tree.exists(ENV_EXAMPLE)) return tree.create(ENV_EXAMPLE, VARIABLES);
  const present = tree.readText(ENV_EXAMPLE);
  if (!present.includes(ENV_MARK)) tree.overwrite(ENV_EXAMPLE, `${present.trimEnd()}\n\n${VARIABLES}`);
}
