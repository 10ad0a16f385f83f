'use strict';

/*
 * The page knows no token: the gateway adds one to each request, and to the WebSocket. A request that changes something
 * repeats the cookie XSRF-TOKEN in a header. A request without a session gets 401; then somebody has to sign in again.
 */

const element = (id) => document.getElementById(id);

const cookie = (name) =>
  document.cookie
    .split('; ')
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

async function call(path, body) {
  const writing = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-xsrf-token': cookie('XSRF-TOKEN') ?? '' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, writing);
  if (answer.status === 401) throw new Error('Your session has ended.');
  if (!answer.ok) throw new Error(`${path} answered with status ${answer.status}.`);
  return answer.json();
}

function item(...parts) {
  const line = document.createElement('li');
  for (const [tag, text] of parts) line.append(Object.assign(document.createElement(tag), { textContent: text }), ' ');
  return line;
}

function showProblem(error) {
  const again = Object.assign(document.createElement('a'), {
    href: location.pathname,
    textContent: 'Load the page again',
  });
  element('problem').replaceChildren(`${error.message} `, again);
  element('problem').hidden = false;
}

const DOMAINS = { mindsphere: 'mindsphere.io', xcelerator: 'siemens.app' };

async function showUser() {
  const { userName, platform, tenant, tenantName, scopes } = await call('me');
  const name = tenantName === undefined || tenantName === tenant ? '' : ` (${tenantName})`;
  const home = `${tenant}${name} on ${DOMAINS[platform]}`;
  element('me').textContent = `${userName} of ${home}, with ${scopes.join(', ') || 'no scopes'}`;
}

async function showAssets() {
  const { platform, assets } = await call('me/assets');
  const rows = assets.map(({ name, typeId }) => item(['b', name], ['code', typeId]));
  element('assets').replaceChildren(...(rows.length > 0 ? rows : [item(['i', 'Your tenant has no assets.'])]));
  element('answered').textContent = `${DOMAINS[platform]} answered.`;
}

function listen() {
  // The long polling that Socket.IO begins with would be POST requests, which want the XSRF token.
  const socket = io({ path: '/socket.io/', transports: ['websocket'] });
  const say = (text) => (element('live').textContent = text);
  socket.on('connect', () => {
    say('live');
    socket.emit('messages', {});
  });
  socket.on('message', ({ from, text }) => element('messages').append(item(['b', from], ['span', text])));
  socket.on('exception', ({ message }) => say(message));
  socket.on('disconnect', () => say('not connected'));
  socket.on('connect_error', () => say('not connected'));
}

element('write').addEventListener('submit', (event) => {
  event.preventDefault();
  call('me/messages', { text: element('text').value }).then(() => (element('text').value = ''), showProblem);
});

showUser().catch(showProblem);
showAssets().catch(showProblem);
listen();
