import { passableToken } from './presented-token.js';
import { publishedUser } from './published-users.js';
import { contentOfUser, UserToken, type UserTokenContent } from './user-token.js';

/**
 * A handle on the token of a request: what a guard has published for it, else what it presents, unverified. Making it
 * never throws.
 *
 * @param verifier whose guard counts; default: the guard that came last.
 */
export function userTokenOf(request: unknown, present: (request: unknown) => string, verifier?: object): UserToken {
  return new UserToken(() => {
    const published = publishedUser(request, verifier);
    return published === undefined ? new UnverifiedContent(request, present) : contentOfUser(published);
  });
}

/** Looks for the token only when it is read, because most of what a handle tells does not need it. */
class UnverifiedContent implements UserTokenContent {
  constructor(
    private readonly request: unknown,
    private readonly present: (request: unknown) => string,
  ) {}

  get value(): string {
    return passableToken(this.present(this.request));
  }
}
