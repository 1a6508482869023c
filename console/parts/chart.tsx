// A chart of lines over time, with its numbers as a table for who cannot see it.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Line } from "../core/activity.ts";
import { clock } from "../core/text.ts";

type Chart = {
  title: string;
  /** Seconds since 1970. */
  at: readonly number[];
  lines: readonly Line[];
  /** How a value is written. */
  value: (value: number) => string;
  /** The names of its lines' colours. */
  colours: readonly string[];
  steps?: boolean;
};

const HEIGHT = 150;
/** So many seconds are shown at least. */
const SHORTEST = 300;
const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** How many seconds may be between the marks of an axis: what it writes has no seconds. */
const MARKS = [60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800, 2_592_000];

/** Whether a chart is of more than a day. */
const isLong = ({ scales }: uPlot): boolean => (scales["x"]?.max ?? 0) - (scales["x"]?.min ?? 0) > 86_400;

/** The marks of an axis, with their days where there are several. */
const times = (plot: uPlot, marks: number[]): string[] =>
  marks.map((at) => clock(at * 1000, isLong(plot) ? 0 : at * 1000));

/** What uPlot is told of how a chart looks. */
function options({ lines, value, colours, steps }: Chart, width: number): uPlot.Options {
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("edge"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  const stepped = steps && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {};
  return {
    width,
    height: HEIGHT,
    cursor: { sync: { key: "console" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      // Of a single minute there is a line too.
      x: { range: (_, least, most) => (most - least < SHORTEST ? [most - SHORTEST, most] : [least, most]) },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
    },
    axes: [
      { ...axis, size: 28, incrs: MARKS, space: (plot) => (isLong(plot) ? 150 : 50), values: times },
      { ...axis, size: 52, values: (_, marks) => marks.map(value) },
    ],
    series: [
      { label: "Time", value: (_, at) => (at === null ? "" : clock(at * 1000, Date.now())) },
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: colour(colours[index % colours.length] ?? "ink"),
        width: 1.5,
        spanGaps: false,
        points: { show: line.values.filter((one) => one !== null).length < 20, size: 4 },
        value: (_: uPlot, one: number | null) => (one === null ? "–" : value(one)),
        ...stepped,
      })),
    ],
  };
}

/** The chart. It is drawn anew when its lines, its width or the colours of the system change. */
export function Chart(chart: Chart): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | undefined>(undefined);
  const data = useMemo(() => {
    const [first] = chart.at;
    // A single point has no span of time of its own to stand in.
    const alone = chart.at.length === 1 && first !== undefined;
    const at = alone ? [first - SHORTEST, ...chart.at] : chart.at;
    const values = chart.lines.map((line) => (alone ? [null, ...line.values] : line.values));
    return [at, ...values] as unknown as uPlot.AlignedData;
  }, [chart.at, chart.lines]);
  const latest = useRef(data);
  latest.current = data;
  const names = chart.lines.map((line) => line.name).join("\n");
  useEffect(() => {
    const into = place.current;
    if (into === null) return undefined;
    const draw = (): void => {
      drawn.current?.destroy();
      drawn.current = new uPlot(options(chart, into.clientWidth), latest.current, into);
    };
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const width = new ResizeObserver(() => drawn.current?.setSize({ width: into.clientWidth, height: HEIGHT }));
    width.observe(into);
    dark.addEventListener("change", draw);
    return () => {
      width.disconnect();
      dark.removeEventListener("change", draw);
      drawn.current?.destroy();
    };
  }, [names]);
  useEffect(() => drawn.current?.setData(data), [data]);
  return (
    <figure class="chart">
      <figcaption>{chart.title}</figcaption>
      <div ref={place} aria-hidden="true" />
      <Numbers {...chart} />
    </figure>
  );
}

function Numbers({ title, at, lines, value, steps }: Chart): JSX.Element {
  const rows = at.map((second, index) => ({ second, values: lines.map((line) => line.values[index] ?? null) }));
  // Nothing that was counted is no news; what goes in steps says something with each.
  const told = rows.filter(({ values }) => values.some((one) => one !== null && (steps || one !== 0))).reverse();
  return (
    <details>
      <summary>
        The numbers<span class="unseen"> of {title}</span>
      </summary>
      {told.length === 0 ? (
        <p class="empty">Nothing was counted.</p>
      ) : (
        <div class="scrolled" tabIndex={0} role="region" aria-label={`The numbers of ${title}`}>
          <table class="numbers">
            <thead>
              <tr>
                <th scope="col">Time</th>
                {lines.map(({ name }) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {told.map(({ second, values }) => (
                <tr key={second}>
                  <th scope="row">{clock(second * 1000, Date.now())}</th>
                  {values.map((one, index) => (
                    <td key={index} class="number">
                      {one === null ? "–" : value(one)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
