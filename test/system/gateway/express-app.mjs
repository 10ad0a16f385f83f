import express from 'express';

// An application that knows nothing of this package: a page, and routes that read the token which a gateway has added.
const app = express();
const claimsOf = ({ headers }) => JSON.parse(Buffer.from(headers.authorization.split('.')[1], 'base64url'));
app.get('/', (_request, response) => response.type('html').send('<h1>Ten lines</h1><script src="page.js"></script>'));
app.get('/page.js', (_request, response) =>
  response.type('js').send("fetch('/who').then((a) => a.text()).then((t) => document.body.append(t))"),
);
app.get('/who', (request, response) => response.send(`${claimsOf(request).user_name} of ${claimsOf(request).ten}`));
app.post('/orders', (request, response) => response.status(201).send(`ordered for ${claimsOf(request).ten}`));
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`Listening on ${server.address().port}\n`));
