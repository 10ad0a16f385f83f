/** What `--help` prints. */
export const USAGE = `Usage: mindsphere-credentials COMMAND [options]

Reads the configuration as MindsphereCredentialsModule.forRoot() does: from environment variables.

  doctor            Checks what an application needs: settings, hosts, clock, key sets, a token for each configured
                    credential, the list of user tenants, the shared store (REDIS_URL). Prints no secret and no token.
                    Status 0: nothing failed. Status 1: a check failed. Status 2: wrong arguments
    --platform P    Checks only mindsphere (mindsphere.io) or xcelerator (siemens.app)
    --json          Prints one JSON document
    --facts         Adds a redacted record of what the platform answered, to attach to an issue

  token             Prints a valid technical token and nothing else
    --platform P    On mindsphere or xcelerator. Default: where the credentials are configured
    --credentials app|tenant
    --user-tenant T The user tenant of app credentials. Default: MDSP_USER_TENANT
    --subtenant S   The subtenant of tenant credentials. Default: MINDSPHERE_SUB_TENANT
    --header        Prints the line "Authorization: Bearer ..." instead

  verify            Reads a user's token from standard input, and prints whether the guard would accept it.
                    Status 0: accepted. Status 1: rejected

  --dotenv FILE     Reads variables from a file. Variables that are set win over the file
  -h, --help        Prints this`;
