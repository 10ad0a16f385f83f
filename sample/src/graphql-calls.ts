import type { Call } from './calls.js';
import type { Tokens } from './users.js';

const GRAPHQL = '/graphql';
const ME = '{ me { platform tenant userName } }';
const ASSETS = '{ assets { platform assets { name } calledAs { tenant clientId grantType } } }';
const OF_OPERATOR = '{ operatorAssets { platform calledAs { tenant } } }';

/** The resolvers, and what the guard keeps out. GraphQL answers with 200 and says in `errors` what was refused. */
export function graphqlCallsOf({ ann, cara, olga }: Tokens): readonly Call[] {
  const calledAs = { tenant: 'customer', clientId: 'operator-myapp-1.0.0', grantType: 'client_credentials' };
  return [
    graphql('GraphQL: who am I?', ME, ann, {
      data: { me: { platform: 'mindsphere', tenant: 'customer', userName: 'ann@example.com' } },
    }),
    graphql('GraphQL, siemens.app: who am I?', ME, cara, {
      data: { me: { platform: 'xcelerator', tenant: '1000000351', userName: 'cara@example.com' } },
    }),
    graphql('GraphQL without a token', ME, undefined, refused('UNAUTHENTICATED')),
    graphql("GraphQL: app credentials, for the user's tenant", ASSETS, ann, {
      data: { assets: { platform: 'mindsphere', calledAs } },
    }),
    graphql("GraphQL, siemens.app: app credentials, for the user's tenant", ASSETS, cara, {
      data: { assets: { platform: 'xcelerator', calledAs: { ...calledAs, tenant: '1000000351' } } },
    }),
    graphql('GraphQL: a scope that the user lacks', OF_OPERATOR, ann, refused('FORBIDDEN')),
    graphql('GraphQL: the same, for the operator', OF_OPERATOR, olga, {
      data: { operatorAssets: { platform: 'mindsphere', calledAs: { tenant: 'operator' } } },
    }),
  ];
}

function graphql(title: string, query: string, token: string | undefined, expected: Call['expected']): Call {
  return { title, path: GRAPHQL, query, ...(token !== undefined && { token }), status: 200, expected };
}

function refused(code: string): Call['expected'] {
  return { data: null, errors: [{ extensions: { code } }] };
}
