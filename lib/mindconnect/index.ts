export { mindconnectAuth } from './mindconnect-auth.js';
