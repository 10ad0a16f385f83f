export { type KeyvLike, KeyvTokenStore } from './keyv-token.store.js';
