import { DEFAULT_PORT } from './arguments.js';

/** Output of `--help`. */
export const USAGE = `Usage: mindsphere-emulator [options]

The gateway and the tenants' OAuth servers of MindSphere (Insights Hub) and of siemens.app, on this machine, for local
development in any language. It prints the environment variables to set and a user's token, and runs until Ctrl-C. Its
keys are made anew at each start unless --keys names a file, so tokens of an earlier one are not valid.

  --port PORT       TCP port, 0 to 65535; 0 is any free one. Default ${DEFAULT_PORT}
  --host ADDRESS    Address to listen on. Default 127.0.0.1, so that no other machine reaches it: its
                    secrets are public, and any caller who has them gets tokens
  --domains A,B     Domains it answers to, and to the platform's host names below them (gateway.A, tenant.piam.A). Default:
                    loopback addresses and names below .localhost and .test only; any other Host gets 421
  --platform mindsphere|xcelerator
                    Platform of the users and of --tenants; with xcelerator the variables of both are printed. Both are
                    always there. Default mindsphere
  --tenants A,B,C   The only tenants the app is provisioned to and that have OAuth servers, each with a technical user;
                    the first is the user tenant. Default: any name, and "customer"
  --user [NAME@]TENANT=SCOPE,SCOPE
                    Prints a token of such a user; without scopes after "TENANT="; may be repeated. Default: a user of
                    each tenant, with the scope myapp.user
  --strict          Refuses what the platform tolerates but does not document
  --fixtures DIR    Answers of the APIs: DIR/api/assetmanagement/v3/assets.get.json is a body, assets.get.meta.json beside
                    it { "status", "headers" }, a folder {id} any segment. Read at each request
  --keys FILE       Keeps the keys in FILE (mode 0600), so that tokens outlive a restart at the same port

  --app URL         Also plays the gateway in front of the application at URL, for a browser: sign-in page, session, XSRF
                    check, /api to the emulated APIs, everything else to the application
  --session-minutes N
                    How long a session lasts. Default 30
  --own-api PATH    A path below /api that is the application's own; may be repeated

  --latency MS      Holds every answer. Milliseconds. Default 0
  --fail RATE       Share of the requests that get 503, 0 to 1. Default 0
  --fail ENDPOINT:RATE
                    The same for one endpoint, as in app-token:0.2; may be repeated
  --seed NUMBER     Start of the chance behind --fail: the same number fails the same requests. Default 1

  --env             Prints shell lines (export NAME='value') and nothing else
  --json            Prints one JSON document and nothing else
  --log             Prints a line per request on standard error, without secrets
  -h, --help        Prints this

From this machine, tests in any language control it: POST /__emulator/user-token, /__emulator/fail,
/__emulator/rotate-keys, GET /__emulator/requests.

It does not start under NODE_ENV=production. Status 2: wrong arguments; status 1: it cannot start.`;
