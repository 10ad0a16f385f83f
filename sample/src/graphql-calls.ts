import type { Call, Tokens } from './calls.js';

const GRAPHQL = '/graphql';
const ME = '{ me { tenant userName scopes } }';

/** The resolvers, and what the guard keeps out. GraphQL answers with 200 and says in `errors` what was refused. */
export function graphqlCallsOf({ ann, operator }: Tokens): readonly Call[] {
  return [
    graphql('GraphQL: who am I?', ME, ann, {
      data: { me: { tenant: 'customer', userName: 'ann@example.com', scopes: ['myapp.user'] } },
    }),
    graphql('GraphQL without a token', ME, undefined, refused('UNAUTHENTICATED')),
    graphql("GraphQL: app credentials, for the user's tenant", '{ assets { tenant clientId grantType } }', ann, {
      data: { assets: { tenant: 'customer', clientId: 'operator-myapp-1.0.0', grantType: 'client_credentials' } },
    }),
    graphql('GraphQL: a scope that the user lacks', '{ operatorAssets { tenant } }', ann, refused('FORBIDDEN')),
    graphql('GraphQL: the same, for the operator', '{ operatorAssets { tenant } }', operator, {
      data: { operatorAssets: { tenant: 'operator' } },
    }),
  ];
}

function graphql(title: string, query: string, token: string | undefined, expected: Call['expected']): Call {
  return { title, path: GRAPHQL, query, token, status: 200, expected };
}

function refused(code: string): Call['expected'] {
  return { data: null, errors: [{ extensions: { code } }] };
}
