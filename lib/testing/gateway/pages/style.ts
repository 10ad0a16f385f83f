/** The style of all pages: light and dark, from 320 px on, with the fonts of the system. */
export const STYLE = `:root {
  color-scheme: light dark;
  --ground: #f3f5f7;
  --card: #ffffff;
  --ink: #16212b;
  --faint: #55636f;
  --line: #d5dce2;
  --accent: #006b74;
  --on-accent: #ffffff;
  --tint: #e0f2f2;
  --bad: #a3141f;
  --warn: #8a4b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10171d;
    --card: #19232b;
    --ink: #e8eef2;
    --faint: #a3b1bc;
    --line: #33424d;
    --accent: #4fc3c7;
    --on-accent: #04191b;
    --tint: #14383b;
    --bad: #ff9a9a;
    --warn: #f5bf6b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  padding: 1.5rem 1rem;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
main, .top, footer { max-width: 72rem; margin: 0 auto; }
.narrow, .narrow + footer { max-width: 34rem; }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 0 0 .75rem; font-size: 1.05rem; overflow-wrap: anywhere; }
p { margin: 0 0 .75rem; }
a { color: var(--accent); }
code { font: .875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
small, footer, .more, .top p { color: var(--faint); }
footer { margin-top: 2rem; font-size: .85rem; }
.narrow { padding-top: 4vh; }
section {
  margin: 0 0 1rem;
  padding: 1.1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .75rem;
}
.columns { display: grid; gap: 0 1rem; }
.columns > div { min-width: 0; }
@media (min-width: 60rem) { .columns { grid-template-columns: 2fr 3fr; } }
.notice {
  padding: .6rem .9rem;
  background: var(--tint);
  border-left: .25rem solid var(--accent);
  border-radius: .25rem;
}
.users { display: grid; gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
section .users { margin: 0; }
button, input, select { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: .2rem solid var(--accent); outline-offset: .15rem; }
.user {
  display: flex;
  gap: .9rem;
  width: 100%;
  padding: .8rem;
  text-align: left;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .75rem;
}
.user:hover, .user[aria-current] { border-color: var(--accent); background: var(--tint); }
.initial {
  flex: none;
  display: grid;
  place-items: center;
  width: 2.6rem;
  height: 2.6rem;
  border-radius: 50%;
  background: var(--accent);
  color: var(--on-accent);
  font-weight: 600;
}
.who { flex: 1; min-width: 0; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.home { display: block; color: var(--faint); }
.home b { color: var(--ink); font-weight: 600; }
.scopes code, .badge {
  display: inline-block;
  margin: .2rem .15rem 0 0;
  padding: 0 .45rem;
  border: 1px solid var(--line);
  border-radius: .4rem;
}
.badge { border-color: var(--accent); color: var(--accent); font-size: .8rem; }
.fault { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.fault:first-of-type { border-top: 0; padding-top: 0; }
.fault:last-of-type { padding-bottom: 0; }
.fault button { margin-left: auto; }
.fault button, .quiet, select, input {
  min-height: 2.5rem;
  padding: .3rem .7rem;
  background: var(--ground);
  border: 1px solid var(--line);
  border-radius: .5rem;
}
.fault button { border-color: var(--accent); color: var(--accent); font-weight: 600; }
.fault button:hover, .quiet:hover { background: var(--tint); }
select { max-width: 100%; }
input[type='number'] { width: 6rem; }
.hints { padding-left: 1.2rem; }
.scroll { overflow-x: auto; }
.tall { max-height: 34rem; overflow-y: auto; }
.claims th, .claims td { overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--faint); font-weight: 600; }
.claims th { font-weight: 400; color: var(--faint); min-width: 6.5rem; }
thead th { position: sticky; top: 0; background: var(--card); }
.requests td { white-space: nowrap; font-variant-numeric: tabular-nums; }
.requests .request { white-space: normal; }
@media (max-width: 36rem) {
  .requests thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .requests tr { display: grid; grid-template-columns: 4.5rem 1fr auto; padding: .4rem 0; border-top: 1px solid var(--line); }
  .requests td { padding: 0 .6rem 0 0; border: 0; }
  .requests .request { grid-row: 2; grid-column: 1 / 3; }
  .requests .by { grid-row: 2; grid-column: 3; padding: 0; text-align: right; color: var(--faint); }
  .requests .took { grid-row: 1; grid-column: 3; padding: 0; text-align: right; }
  .columns .user { gap: .7rem; padding: .6rem; }
  .columns section { padding: .9rem; }
  .requests td[colspan] { grid-column: 1 / -1; white-space: normal; }
}
.broken { color: var(--bad); font-weight: 600; }
.refused { color: var(--warn); font-weight: 600; }
summary { cursor: pointer; margin-bottom: .5rem; }
`;
