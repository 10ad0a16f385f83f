import { DEFAULT_PORT } from './arguments.js';

/** What `--help` says. */
export const USAGE = `Usage: mindsphere-emulator [options]

The gateway and the tenants' OAuth servers of MindSphere (Insights Hub), on this machine, for local development in any
language. It prints the environment variables to set and a user's token, and runs until Ctrl-C. Its keys are made anew
at each start, so tokens of an earlier one are not valid.

  --port PORT       TCP port, 0 to 65535; 0 is any free one. Default ${DEFAULT_PORT}
  --host ADDRESS    Address to listen on. Default 127.0.0.1: beyond this machine nothing reaches it. It signs a token for
                    whoever knows its secrets, and they are no secrets
  --tenants A,B,C   The only tenants the app is provisioned to and that have OAuth servers, each with a technical user;
                    the first is the user tenant. Default: any name, and "customer"
  --user TENANT=SCOPE,SCOPE
                    Prints a token of such a user; without scopes after "TENANT="; may be repeated. Default: a user of
                    each tenant, with the scope myapp.user
  --latency MS      Holds every answer. Milliseconds. Default 0
  --fail RATE       Share of the requests that get 503, 0 to 1. Default 0
  --fail ENDPOINT:RATE
                    The same for one endpoint, as in app-token:0.2; may be repeated
  --seed NUMBER     Start of the chance behind --fail: the same number fails the same requests. Default 1
  -h, --help        Prints this

It does not start under NODE_ENV=production. Status 2: wrong arguments; status 1: it cannot start.`;
