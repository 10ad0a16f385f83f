import { demanded, isMet, shown } from './report.mjs';

const WIDTH = 860;
const ROW = 26;
const LABELS = 500;
const BAR = 220;
/** Where the bar of a value that just meets its target ends. */
const AT_TARGET = BAR * 0.7;

/** An SVG of every figure that has a target: the bar ends before the line where it is met. */
export function chart(results) {
  const rows = results.flatMap(({ title, rows: all }) =>
    all.filter((row) => demanded(row) !== '').map((row) => ({ ...row, title })),
  );
  const height = 60 + rows.length * ROW;
  const text = rows.map((row, at) => line(row, 50 + at * ROW)).join('\n');
  const target = LABELS + AT_TARGET;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="24" font-size="15" font-weight="bold" fill="#222222">Measured against the target (the line); shorter is better</text>
${text}
<line x1="${target}" y1="40" x2="${target}" y2="${height - 10}" stroke="#222222" stroke-dasharray="4 3"/>
</svg>
`;
}

function line(row, y) {
  const width = Math.round(Math.max(2, Math.min(BAR, AT_TARGET * share(row))));
  const colour = isMet(row) === false ? '#c0392b' : '#2e7d5b';
  const place = row.title.startsWith('A route, on ') ? `${row.title.slice('A route, on '.length)}: ` : '';
  return `<text x="10" y="${y + 12}" fill="#222222">${escape(place + row.label)}</text>
<rect x="${LABELS}" y="${y}" width="${width}" height="16" fill="${colour}"/>
<text x="${LABELS + BAR + 10}" y="${y + 12}" fill="#222222">${escape(shown(row))} (${escape(demanded(row).replace('at ', ''))})</text>`;
}

/** How much of what is allowed is used. */
function share({ value, most, least }) {
  return most === undefined ? least / value : value / most;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
