import { EXAMPLE_API } from '../../platform/api-paths.js';
import { PLATFORMS } from '../../platform/platforms.js';
import { type ReportedTechnicalUser, type ReportedUser, shellName, type StartReport } from './start-report.js';

/** One JSON document. */
export function asJson(report: StartReport): string {
  return JSON.stringify(report, undefined, 2);
}

/** Lines for a shell, and nothing else. The command goes on running, so they are read from a file: `. ./emulator.env`. */
export function asShellLines({ variables, users, technicalUsers }: StartReport): string {
  const tokens = Object.fromEntries(users.map(({ variable, token }) => [variable, token]));
  return exports({ ...variables, ...tokens, ...Object.assign({}, ...technicalUsers.map(variablesOf)) }).join('\n');
}

/** What to read in a terminal. */
export function asText(report: StartReport): string {
  const { application, platforms, variables, users, technicalUsers } = report;
  return [
    ...(application === undefined
      ? []
      : [`Open ${application} in a browser: your application, with the gateway in front of it`, '']),
    ...platforms.flatMap(({ platform, gatewayUrl, oauthUrl }) => [
      `Emulated gateway    ${gatewayUrl}`,
      `OAuth servers       ${oauthUrl}`,
      `Key sets            ${oauthUrl}${PLATFORMS[platform].oauthServer.keySetPath}`,
    ]),
    '',
    '# The credentials it accepts, in the documented variables:',
    ...exports(variables),
    '',
    '# Your application with nestjs-mindsphere-credentials reads those variables, or takes the URLs as options:',
    `MindsphereCredentialsModule.forRoot(${urlOptions(report)})`,
    '',
    ...users.flatMap((user) => [describeUser(user), `${user.variable}=${quoted(user.token)}`, '']),
    '# The technical users, and how one gets a token:',
    ...technicalUsers.map(describeTechnicalUser),
    '',
    ...exampleCall(report),
    'Ctrl-C ends it.',
  ].join('\n');
}

function exampleCall({ users, platforms }: StartReport): string[] {
  const [user] = users;
  if (!user) return [];
  const gateway = platforms.find(({ platform }) => platform === user.platform)?.gatewayUrl ?? '';
  const path = PLATFORMS[user.platform].apiPath(EXAMPLE_API);
  return ['# An API:', `curl -H "Authorization: Bearer $${user.variable}" ${gateway}${path}`, ''];
}

/** `CLIENT_ID_OF_ACME` and `CLIENT_SECRET_OF_ACME`. */
function variablesOf({ tenant, clientId, clientSecret }: ReportedTechnicalUser): Record<string, string> {
  const name = shellName(tenant);
  return { [`CLIENT_ID_OF_${name}`]: clientId, [`CLIENT_SECRET_OF_${name}`]: clientSecret };
}

function exports(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
}

/** One word for every POSIX shell. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

function describeUser({ userName, tenant, scopes }: ReportedUser): string {
  const granted = scopes.length === 0 ? 'without scopes' : `with ${scopes.join(' ')}`;
  return `# ${userName}, a user of ${tenant}, ${granted}, for 8 hours:`;
}

function describeTechnicalUser({ clientId, clientSecret, tokenUrl }: ReportedTechnicalUser): string {
  return `curl -u ${quoted(`${clientId}:${clientSecret}`)} -d grant_type=client_credentials ${tokenUrl}`;
}

/** Options for the two URLs. Plain HTTP to an address other than loopback needs `allowInsecureHttp`. */
function urlOptions({ platforms: [first], insecure }: StartReport): string {
  const allow = insecure ? ', allowInsecureHttp: true' : '';
  return `{ gatewayUrl: '${first?.gatewayUrl}', oauthUrl: '${first?.oauthUrl}'${allow} }`;
}
