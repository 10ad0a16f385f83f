/**
 * The script of the page `/__emulator/`, for browsers: it replaces the table's rows every two seconds, while somebody looks.
 * What it inserts are rows of ours, escaped; under the pages' policy nothing in them could run.
 */
export const SCRIPT = `'use strict';
const rows = document.querySelector('[data-live]');
async function follow() {
  if (document.hidden) return;
  try {
    const answer = await fetch(rows.dataset.live);
    if (answer.ok) rows.innerHTML = await answer.text();
  } catch {
    // The emulator has ended, or starts anew.
  }
}
setInterval(follow, 2000);
document.addEventListener('visibilitychange', follow);
`;
