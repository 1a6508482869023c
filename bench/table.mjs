// How the results are printed.
const WIDTHS = [28, 12, 9, 9, 9];

const line = (cells) => cells.map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[at] ?? 0))).join("  ");

/** The title and the head of one table. */
export function heading(connections) {
  const title = connections === 1 ? "1 connection" : `${connections} connections`;
  return `\n${title}\n${line(["", "requests/s", "p50 ms", "p99 ms", "CPU ms", "throughput compared with"])}`;
}

/** One line: a target, its result and its share of the throughput of what it is compared with. */
export function row({ name, baselines = [] }, { perSecond, p50, p99, cpu }, rates) {
  const shares = baselines.map((other) => `${Math.round((100 * perSecond) / rates.get(other))} % of ${other}`);
  return line([name, perSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2), cpu.toFixed(3), `  ${shares.join(", ")}`]);
}

/** A line of a profile. */
export const share = (name, part) => `${name.padEnd(WIDTHS[0])}  ${`${(100 * part).toFixed(1)} %`.padStart(WIDTHS[1])}`;

const COMPARED = [16, 14, 14, 14, 14, 10];
const compared = (cells) => cells.map((cell, at) => (at === 0 ? cell.padEnd(COMPARED[0]) : cell.padStart(COMPARED[at]))).join("  ");

/** The head of the table of healthy providers against providers that hang. */
export function comparisonHeading(title) {
  return `\n${title}\n${compared(["", "healthy p50 ms", "healthy p99 ms", "hanging p50 ms", "hanging p99 ms", "p99 ratio"])}`;
}

/** One line of it: [p50, p99] with healthy providers, the same with providers that hang. */
export function comparison(name, healthy, hanging) {
  const ratio = (hanging[1] / healthy[1]).toFixed(2);
  return compared([name, ...[...healthy, ...hanging].map((figure) => figure.toFixed(2)), ratio]);
}

const percent = (ratio) => `${ratio >= 1 ? "+" : ""}${((ratio - 1) * 100).toFixed(1)} %`;
const between = ([low, middle, high]) => `${percent(middle)}  (${percent(low)} to ${percent(high)})`.padStart(34);

/** The head of the table of what one thing costs beside another. */
export function turnsHeading(title, turns) {
  const head = ["CPU of a call", "time of a call"].map((cell) => cell.padStart(34)).join("");
  return `\n${title}: the middle, and the middle half, of ${turns} turns\n${"".padEnd(16)}${head}`;
}

/** One line of it. */
export function turnsRow(connections, cpu, time) {
  const title = connections === 1 ? "1 connection" : `${connections} connections`;
  return `${title.padEnd(16)}${between(cpu)}${between(time)}`;
}
